import Glibc

/// Writes the JSON of one message.
///
/// For generated code and for hand-written JSON of special types; valid only inside `writeJSON`.
///
/// Bytes go into one growing buffer. Each function makes room for all it writes before it writes,
/// so the stores themselves are not checked. Commas need no state: a value never ends with `{` or
/// `[`, so the last byte tells whether one is due.
@safe
public struct JSONWriter: ~Copyable {
  var position: UnsafeMutableRawPointer
  /// The buffer's end without `slack`.
  private var limit: UnsafeMutableRawPointer
  private var start: UnsafeMutableRawPointer
  /// Keys of the message being written.
  private var keys: UnsafeMutablePointer<JSONFieldTable.Key>
  /// How many levels may still open.
  private var depth: Int
  /// Whether fields are written although they hold their default.
  let emitsDefaults: Bool
  /// The options given.
  package let options: JSONEncodingOptions
  /// What went wrong first, and how much was written by then.
  private var failure: (reason: JSONError.Reason, count: Int)?
  /// The type that the next object is to name first.
  private var pendingType: String?

  /// Room that is always left: for a key's last word, a number, brackets and a quote.
  private static let slack = 64
  private static let initialCapacity = 4096

  private init(options: JSONEncodingOptions) {
    unsafe start = JSONWriter.reallocate(nil, Self.initialCapacity)
    unsafe position = start
    unsafe limit = start + (Self.initialCapacity - Self.slack)
    unsafe keys = start.assumingMemoryBound(to: JSONFieldTable.Key.self)
    emitsDefaults = options.emitsDefaults
    // One more, for the outermost; `Int.max` is no limit.
    depth = max(options.maximumDepth, options.maximumDepth &+ 1)
    self.options = options
  }

  deinit { unsafe free(start) }

  /// Writes a message and hands over its bytes.
  static func write<M: JSONMessage, Result>(
    _ message: M,
    options: JSONEncodingOptions,
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) throws(JSONError) -> Result {
    var writer = JSONWriter(options: options)
    writer.nested(message)
    if options.isIndented { writer.indent() }
    let bytes = unsafe UnsafeRawBufferPointer(start: writer.start, count: writer.count)
    if let (reason, count) = writer.failure {
      let written = unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
      throw JSONError(reason, path: unsafe JSONPath.path(in: written))
    }
    return unsafe bytes.withMemoryRebound(to: UInt8.self, body)
  }

  private var count: Int { unsafe position - start }

  /// Replaces what was written by the same laid out for people.
  private mutating func indent() {
    guard failure == nil else { return }
    let compact = unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    let text = JSONLayout.indented(compact)
    unsafe position = start
    reserve(text.count)
    unsafe text.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      unsafe position.copyMemory(from: source, byteCount: bytes.count)
    }
    unsafe position += text.count
  }

  /// Notes that a value has no JSON: the whole message then has none, and writing goes on for
  /// nothing.
  ///
  /// - Parameter reason: What is wrong; the first one is reported.
  public mutating func fail(_ reason: JSONError.Reason) {
    if failure == nil { failure = (reason, count) }
  }
}

// Room.

extension JSONWriter {
  /// Makes room for `count` bytes and `slack` more.
  @inline(__always)
  mutating func reserve(_ count: Int) {
    if unsafe limit - position < count { grow(count) }
  }

  @inline(never)
  private mutating func grow(_ count: Int) {
    let written = self.count
    let capacity = max(2 * written, written + count) + 4 * Self.slack
    unsafe start = JSONWriter.reallocate(start, capacity)
    unsafe position = start + written
    unsafe limit = start + (capacity - Self.slack)
  }

  private static func reallocate(
    _ start: UnsafeMutableRawPointer?,
    _ capacity: Int
  ) -> UnsafeMutableRawPointer {
    guard let start = unsafe realloc(start, capacity) else { fatalError("out of memory") }
    return unsafe start
  }

  /// Stores into the slack.
  @inline(__always)
  mutating func store<Value: BitwiseCopyable>(_ value: Value) {
    unsafe position.storeBytes(of: value, as: Value.self)
    unsafe position += MemoryLayout<Value>.size
  }

  @inline(__always)
  mutating func byte(_ character: Unicode.Scalar) { store(UInt8(ascii: character)) }

  /// The byte before the position; something must have been written.
  @inline(__always)
  private var last: UInt8 { unsafe position.load(fromByteOffset: -1, as: UInt8.self) }

  /// Copies bytes in words, up to 15 too many on either side.
  @inline(__always)
  mutating func copyPadded(_ text: UnsafeRawPointer, _ count: Int) {
    reserve(count)
    var done = 0
    repeat {
      let words = unsafe text.loadUnaligned(fromByteOffset: done, as: SIMD2<UInt64>.self)
      unsafe position.storeBytes(of: words, toByteOffset: done, as: SIMD2<UInt64>.self)
      done &+= 16
    } while done < count
    unsafe position += count
  }
}

// Structure.

extension JSONWriter {
  /// Begins a message's object; the names of its fields are those of `fields` until it ends.
  ///
  /// - Parameter fields: The fields that `key(_:)` counts.
  public mutating func beginObject(_ fields: JSONFields) {
    let table = unsafe fields.contents
    unsafe keys =
      options.usesOriginalNames ? table.pointee.originalKeys : table.pointee.jsonKeys
    beginObject()
  }

  /// Begins an object; `key(_:)` and a value follow for each member.
  public mutating func beginObject() {
    reserve(0)
    byte("{")
    if pendingType != nil { writePendingType() }
  }

  /// Ends an object.
  public mutating func endObject() {
    reserve(0)
    byte("}")
  }

  /// Begins an array; `element()` and a value follow for each element.
  public mutating func beginArray() {
    reserve(0)
    byte("[")
  }

  /// Goes to the next element of an array.
  public mutating func element() {
    reserve(0)
    if last != UInt8(ascii: "[") { byte(",") }
  }

  /// Ends an array.
  public mutating func endArray() {
    reserve(0)
    byte("]")
  }

  /// Goes to the next member of an object.
  ///
  /// - Parameter name: Its name.
  public mutating func key(_ name: String) {
    nextMember()
    value(name)
    colon()
  }

  /// A comma where one is due.
  @usableFromInline
  mutating func nextMember() {
    reserve(0)
    if last != UInt8(ascii: "{") { byte(",") }
  }

  @usableFromInline
  mutating func colon() {
    reserve(0)
    byte(":")
  }

  /// Goes to a field of the message being written.
  @usableFromInline
  mutating func key(_ field: Int) {
    let key = unsafe keys[field]
    let skip = last == UInt8(ascii: "{") ? 1 : 0
    unsafe copyPadded(key.text + skip, key.count &- skip)
  }

  /// Writes a message as the value that is due.
  ///
  /// - Parameter message: The message.
  @inlinable
  @inline(__always)
  public mutating func nested<M: JSONMessage>(_ message: M) {
    guard let outer = unsafe enter() else { return }
    message.writeJSON(to: &self)
    unsafe leave(outer)
  }

  /// Writes a message in place of the `Any` that holds it: its object names its type first.
  ///
  /// - Parameters:
  ///   - message: A message without special JSON.
  ///   - type: The URL for "@type".
  mutating func held<M: JSONMessage>(_ message: M, typeURL type: String) {
    pendingType = type
    message.writeJSON(to: &self)
  }

  /// Goes a level deeper; nil when that is too deep.
  @usableFromInline
  mutating func enter() -> UnsafeRawPointer? {
    guard depth > 0 else {
      fail(.tooDeep)
      return nil
    }
    depth &-= 1
    return unsafe UnsafeRawPointer(keys)
  }

  @usableFromInline
  mutating func leave(_ outer: UnsafeRawPointer) {
    depth &+= 1
    unsafe keys = UnsafeMutablePointer(
      mutating: outer.assumingMemoryBound(to: JSONFieldTable.Key.self)
    )
  }

  private mutating func writePendingType() {
    guard let type = pendingType.take() else { return }
    key("@type")
    value(type)
  }
}
