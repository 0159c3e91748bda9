// Messages in messages, and the bounds of what can be large.

extension WireWriter {
  /// Writes a nested message.
  ///
  /// One byte is kept for the length; a message of 128 bytes or more is moved up when it is
  /// written, which costs less than asking for its size beforehand.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(_ value: M, tag: UInt32) {
    write(tag: tag)
    let start = unsafe position + 1
    unsafe position = start
    value.writeFields(to: &self)
    unsafe closeLength(start, reserved: 1)
  }

  /// Writes a nested message that is there.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(ifSet field: M?, tag: UInt32) {
    unsafe withValue(of: field) { value in
      write(tag: tag)
      let start = unsafe position + 1
      unsafe position = start
      unsafe UnsafeMutablePointer(mutating: value).pointee.writeInPlace(to: &self)
      unsafe closeLength(start, reserved: 1)
    }
  }

  /// Writes a nested message that may contain itself, if it is there.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(ifSet field: Indirect<M>?, tag: UInt32) {
    if let field { message(field.value, tag: tag) }
  }

  /// Writes each message of a list.
  ///
  /// The list's elements are read where they lie: a loop over the array would copy each, with a
  /// retain and a release for every string and list in it. What is kept for an element's length
  /// is what the last one's took.
  @inlinable
  @inline(never)
  public mutating func messages<M: Message>(_ list: [M], tag: UInt32) {
    unsafe list.withUnsafeBufferPointer { values in
      guard var value = values.baseAddress else { return }
      var reserved = 1
      for _ in 0..<values.count {
        write(tag: tag)
        let start = unsafe position + reserved
        unsafe position = start
        unsafe UnsafeMutablePointer(mutating: value).pointee.writeInPlace(to: &self)
        let count = unsafe UnsafeRawPointer(position) - UnsafeRawPointer(start)
        unsafe closeLength(start, reserved: reserved)
        reserved = count < 0x80 ? 1 : 2
        unsafe value += 1
      }
    }
  }

  /// Writes each message of a list of flat ones.
  ///
  /// The position stays in a register: one in memory takes as long as the fields.
  @inlinable
  @inline(never)
  public mutating func messages<M: FlatMessage>(_ list: [M], tag: UInt32) {
    unsafe list.withUnsafeBufferPointer { values in
      var window = self.window
      for index in 0..<values.count {
        window.write(tag: tag)
        let start = unsafe window.position + 1
        unsafe window.position = start
        unsafe window = values[index].writeFields(in: window)
        unsafe window.closeLength(start)
      }
      close(window)
    }
  }

  /// The bytes of a text.
  public static func sizeBound(of text: String) -> Int { text.utf8.count }

  /// The bytes of a text, if it is there.
  public static func sizeBound(of text: String?) -> Int { text?.utf8.count ?? 0 }

  /// The bytes of a byte string.
  @inlinable
  @inline(__always)
  public static func sizeBound(of bytes: [UInt8]) -> Int { bytes.count }

  /// The bytes of a byte string, if it is there.
  public static func sizeBound(of bytes: [UInt8]?) -> Int { bytes?.count ?? 0 }

  /// At least as many bytes as a nested message takes without its tag and length, if it is there.
  @inlinable
  @inline(never)
  public static func sizeBound<M: Message>(of field: M?) -> Int {
    var bound = 0
    unsafe withValue(of: field) {
      bound = unsafe UnsafeMutablePointer(mutating: $0).pointee.boundInPlace()
    }
    return bound
  }

  /// At least as many bytes as a nested message takes without its tag and length, if it is there.
  @inlinable
  @inline(never)
  public static func sizeBound<M: Message>(of field: Indirect<M>?) -> Int {
    field?.value.encodedSizeBound ?? 0
  }

  /// At least as many bytes as `messages` writes.
  ///
  /// - Parameters:
  ///   - list: The messages.
  ///   - overhead: The bytes of each one's tag and of the longest length.
  /// - Returns: The sum of the messages' bounds with their overhead.
  @inlinable
  @inline(never)
  public static func sizeBound<M: Message>(of list: [M], overhead: Int) -> Int {
    var bound = list.count &* overhead
    unsafe list.withUnsafeBufferPointer { values in
      guard var value = values.baseAddress else { return }
      for _ in 0..<values.count {
        unsafe bound += UnsafeMutablePointer(mutating: value).pointee.boundInPlace()
        unsafe value += 1
      }
    }
    return bound
  }

  /// At least as many bytes as `messages` writes of flat ones.
  ///
  /// - Parameters:
  ///   - list: The messages.
  ///   - overhead: The bytes of each one's tag and of the longest length.
  /// - Returns: The sum of the messages' bounds with their overhead.
  @inlinable
  @inline(never)
  public static func sizeBound<M: FlatMessage>(of list: [M], overhead: Int) -> Int {
    var bound = list.count &* (overhead + M.mostFieldBytes)
    unsafe list.withUnsafeBufferPointer { values in
      for index in 0..<values.count { unsafe bound += values[index].unknownFields.count }
    }
    return bound
  }

  /// At least as many bytes as a list of texts takes.
  ///
  /// - Parameters:
  ///   - list: The texts.
  ///   - overhead: The bytes of each one's tag and of the longest length.
  /// - Returns: The bytes of all with their overhead.
  public static func sizeBound(of list: [String], overhead: Int) -> Int {
    let values = list.span
    var bound = values.count &* overhead
    for index in values.indices { bound += unsafe values[unchecked: index].utf8.count }
    return bound
  }

  /// At least as many bytes as a list of byte strings takes.
  ///
  /// - Parameters:
  ///   - list: The byte strings.
  ///   - overhead: The bytes of each one's tag and of the longest length.
  /// - Returns: The bytes of all with their overhead.
  public static func sizeBound(of list: [[UInt8]], overhead: Int) -> Int {
    list.reduce(list.count &* overhead) { $0 + $1.count }
  }

  /// At least as many bytes as a map to scalars takes.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - overhead: The bytes of each entry beside those of text and bytes.
  /// - Returns: The bytes of all with their overhead.
  @inlinable
  @inline(never)
  public static func sizeBound<Key: MapKey, Value: WireScalar>(
    of map: [Key: Value],
    overhead: Int
  ) -> Int {
    var bound = map.count &* overhead
    for (key, value) in map { bound += key.variableSize + value.variableSize }
    return bound
  }

  /// At least as many bytes as a map from text to text takes.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - overhead: The bytes of each entry beside those of the texts.
  /// - Returns: The bytes of all with their overhead.
  public static func sizeBound(of map: [String: String], overhead: Int) -> Int {
    var bound = map.count &* overhead
    for (key, value) in map { bound += key.utf8.count + value.utf8.count }
    return bound
  }

  /// At least as many bytes as a map to an enum takes.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - overhead: The bytes of each entry beside those of text.
  /// - Returns: The bytes of all with their overhead.
  @inlinable
  @inline(never)
  public static func sizeBound<Key: MapKey, Value: OpenEnum>(
    of map: [Key: Value],
    overhead: Int
  ) -> Int {
    map.keys.reduce(map.count &* overhead) { $0 + $1.variableSize }
  }

  /// At least as many bytes as a map to messages takes.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - overhead: The bytes of each entry beside those of text and of the message.
  /// - Returns: The bytes of all with their overhead.
  @inlinable
  @inline(never)
  public static func sizeBound<Key: MapKey, Value: Message>(
    of map: [Key: Value],
    overhead: Int
  ) -> Int {
    var bound = map.count &* overhead
    for (key, value) in map { bound += key.variableSize + value.encodedSizeBound }
    return bound
  }
}

/// Lends the value of an optional where it lies: a pattern would copy it, with a retain and a
/// release for every string and list in it.
@inlinable
@inline(__always)
func withValue<Value>(of optional: Value?, _ body: (UnsafePointer<Value>) -> Void) {
  unsafe withUnsafePointer(to: optional) { pointer in
    if case nil = unsafe pointer.pointee { return }
    // An optional's value begins where the optional does.
    unsafe body(UnsafeRawPointer(pointer).assumingMemoryBound(to: Value.self))
  }
}

extension Message {
  /// `writeFields` of a message that lies elsewhere.
  ///
  /// It changes nothing, and the memory it is lent may be shared; but only what is `inout` is sure
  /// to be used where it lies. Anything else the compiler copies, with a retain and a release for
  /// every string and list in it.
  @inlinable
  @inline(never)
  mutating func writeInPlace(to writer: inout WireWriter) { writeFields(to: &writer) }

  /// `encodedSizeBound` of a message that lies elsewhere.
  @inlinable
  @inline(never)
  mutating func boundInPlace() -> Int { encodedSizeBound }
}
