/// The fields of a message type as its JSON names them, in the order in which they are written.
///
/// For generated code, which describes them by one string, so that a message costs its names and
/// no code. Each word is a field: its name in the schema, then, where they differ from the usual,
/// `:` and its JSON name (percent-encoded), `+` and the number of its oneof, `?` when null is a
/// value of it.
@frozen
@safe
public struct JSONFields: @unchecked Sendable {
  @usableFromInline let table: UnsafeRawPointer

  /// Makes the table, which stays until the process ends: for `static let` only.
  ///
  /// - Parameter description: The fields, in words.
  public init(_ description: StaticString) {
    let table = UnsafeMutablePointer<JSONFieldTable>.allocate(capacity: 1)
    unsafe table.initialize(to: JSONFieldTable(description))
    unsafe self.table = UnsafeRawPointer(table)
  }

  @inline(__always)
  var contents: UnsafePointer<JSONFieldTable> {
    unsafe table.assumingMemoryBound(to: JSONFieldTable.self)
  }
}

/// What `JSONFields` points at.
@safe
struct JSONFieldTable {
  /// A name as it is written: `,"name":`, with zeros behind it so that whole words can be read.
  @safe
  struct Key {
    var text: UnsafeRawPointer
    var count: Int
  }

  /// What reading has to know.
  struct Traits {
    var takesNull: Bool
    /// The bit that the fields of its oneof share; 0 for none, for bit 0 belongs to a field.
    var oneofBit: Int32
  }

  let count: Int
  /// Bits for "is set": one a field and one a oneof.
  let bits: Int
  let jsonKeys: UnsafeMutablePointer<Key>
  let originalKeys: UnsafeMutablePointer<Key>
  let traits: UnsafeMutablePointer<Traits>
  let index: JSONNameIndex

  init(_ description: StaticString) {
    let words = JSONWords.split(description).map(JSONFieldWord.init)
    count = words.count
    unsafe jsonKeys = .allocate(capacity: count)
    unsafe originalKeys = .allocate(capacity: count)
    unsafe traits = .allocate(capacity: count)
    index = JSONNameIndex(capacity: 2 * count)
    for (place, word) in words.enumerated() {
      let oneofBit = word.oneof.map { Int32(words.count + $0) } ?? 0
      let traits = Traits(takesNull: word.takesNull, oneofBit: oneofBit)
      unsafe (self.traits + place).initialize(to: traits)
      unsafe (jsonKeys + place).initialize(to: Self.key(word.jsonName))
      unsafe (originalKeys + place).initialize(to: Self.key(word.name))
    }
    bits = count + (words.compactMap(\.oneof).max() ?? -1) + 1
    // The JSON name of one field may be the schema's name of another: JSON names go first.
    for names in [words.map(\.jsonName), words.map(\.name)] {
      for (place, name) in names.enumerated() {
        unsafe index.insert(JSONWords.immortal(name), name.count, Int32(place))
      }
    }
  }

  private static func key(_ name: [UInt8]) -> Key {
    var text: [UInt8] = []
    text += ",\"".utf8
    text += JSONWords.escaped(name)
    text += "\":".utf8
    return unsafe Key(text: JSONWords.immortal(text), count: text.count)
  }
}

/// One field of a description.
private struct JSONFieldWord {
  var name: [UInt8]
  var jsonName: [UInt8]
  var oneof: Int?
  var takesNull = false

  init(_ word: [UInt8]) {
    var rest = word[...]
    name = Self.take(&rest)
    jsonName = Self.jsonName(of: name)
    while let mark = rest.popFirst() {
      let part = Self.take(&rest)
      switch mark {
      case UInt8(ascii: ":"): jsonName = JSONWords.percentDecoded(part)
      case UInt8(ascii: "+"): oneof = Int(String(decoding: part, as: UTF8.self))
      case UInt8(ascii: "?"): takesNull = true
      default: preconditionFailure("a field's description is malformed")
      }
    }
  }

  /// What stands before the next mark.
  private static func take(_ rest: inout ArraySlice<UInt8>) -> [UInt8] {
    let part = rest.prefix { byte in !":+?".utf8.contains(byte) }
    rest = rest.dropFirst(part.count)
    return Array(part)
  }

  /// Underscores go and the letter behind each is made a capital, as protobuf does it.
  private static func jsonName(of name: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var isAfterUnderscore = false
    for byte in name {
      let isUnderscore = byte == UInt8(ascii: "_")
      let isSmall = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      if !isUnderscore { result.append(isAfterUnderscore && isSmall ? byte - 32 : byte) }
      isAfterUnderscore = isUnderscore
    }
    return result
  }
}
