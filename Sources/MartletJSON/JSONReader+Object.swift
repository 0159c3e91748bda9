/// How far reading of one message's object has come.
///
/// For generated code.
@safe
public struct JSONObject: ~Copyable {
  let table: UnsafePointer<JSONFieldTable>
  /// The field that is expected next: writers keep an order.
  var expected = 0
  var isFirst = true
  /// Whether "@type" is to be passed over.
  let skipsType: Bool
  /// Which of the first 64 fields and oneofs are set.
  var bits: UInt64 = 0
  /// Where the other bits begin.
  let moreBits: Int

  init(table: UnsafePointer<JSONFieldTable>, skipsType: Bool, moreBits: Int) {
    unsafe self.table = table
    self.skipsType = skipsType
    self.moreBits = moreBits
  }
}

extension JSONReader {
  /// Begins a message's object.
  ///
  /// - Parameter fields: The fields of the message.
  /// - Returns: What `nextField` needs.
  /// - Throws: `.wrongType`, `.unexpectedNull`, `.tooDeep`.
  public mutating func beginObject(_ fields: JSONFields) throws(JSONError.Reason) -> JSONObject {
    try openBrace()
    let table = unsafe fields.contents
    let skipsType = skipsType
    self.skipsType = false
    let bits = unsafe table.pointee.bits
    let count = moreBits.count
    if bits > 64 { moreBits.append(contentsOf: repeatElement(0, count: (bits - 1) / 64)) }
    return unsafe JSONObject(table: table, skipsType: skipsType, moreBits: count)
  }

  /// Goes to the value of the next field that is set.
  ///
  /// - Parameter object: What `beginObject` returned.
  /// - Returns: The field's place in the message's `JSONFields`; nil at the object's end.
  /// - Throws: `JSONError.Reason`, for what is wrong with the object itself.
  public mutating func nextField(
    of object: inout JSONObject
  ) throws(JSONError.Reason) -> Int? {
    while try nextMember(isFirst: &object.isFirst) {
      let field = try fieldIndex(of: &object)
      try skipSpace()
      guard field >= 0 else {
        try skipValue()
        continue
      }
      object.expected = field &+ 1
      try claim(field, of: &object, as: .duplicateField)
      let traits = unsafe object.table.pointee.traits[field]
      if try peek() == UInt8(ascii: "n"), !traits.takesNull {
        try null()
        continue
      }
      if traits.oneofBit != 0 {
        try claim(Int(traits.oneofBit), of: &object, as: .duplicateOneof)
      }
      return field
    }
    moreBits.removeLast(moreBits.count &- object.moreBits)
    return nil
  }

  @inline(__always)
  private mutating func claim(
    _ bit: Int,
    of object: inout JSONObject,
    as reason: JSONError.Reason
  ) throws(JSONError.Reason) {
    let mask: UInt64 = 1 &<< UInt64(truncatingIfNeeded: bit & 63)
    if bit < 64 {
      guard object.bits & mask == 0 else { throw reason }
      object.bits |= mask
    } else {
      let word = object.moreBits &+ bit &>> 6 &- 1
      guard moreBits[word] & mask == 0 else { throw reason }
      moreBits[word] |= mask
    }
  }

  /// Reads a key and its colon.
  ///
  /// - Returns: the field; -1 for one that is to be passed over.
  @inline(__always)
  private mutating func fieldIndex(of object: inout JSONObject) throws(JSONError.Reason) -> Int {
    let table = unsafe object.table
    // Fields that hold their default are left out: look a little ahead.
    var place = object.expected
    let last = min(place &+ 4, unsafe table.pointee.count)
    while place < last {
      let key = unsafe table.pointee.jsonKeys[place]
      if isNext(key) {
        advance(key.count &- 1)
        return place
      }
      place &+= 1
    }
    return try lookUpField(of: &object)
  }

  /// Whether exactly `"name":` comes next.
  @inline(__always)
  private func isNext(_ key: JSONFieldTable.Key) -> Bool {
    let count = key.count &- 1
    guard remaining >= (count &+ 7) & ~7 else { return false }
    let name = unsafe key.text + 1
    var done = 0
    while count &- done > 8 {
      let ours = unsafe name.loadUnaligned(fromByteOffset: done, as: UInt64.self)
      let theirs = unsafe position.loadUnaligned(fromByteOffset: done, as: UInt64.self)
      guard ours == theirs else { return false }
      done &+= 8
    }
    let ours = unsafe name.loadUnaligned(fromByteOffset: done, as: UInt64.self)
    let theirs = unsafe position.loadUnaligned(fromByteOffset: done, as: UInt64.self)
    return (ours ^ theirs) &<< UInt64(truncatingIfNeeded: 64 &- 8 &* (count &- done)) == 0
  }

  /// Reads a key that is not one of those expected.
  @inline(never)
  private mutating func lookUpField(of object: inout JSONObject) throws(JSONError.Reason) -> Int {
    let name = try name(in: unsafe object.table.pointee.index)
    try colon()
    switch name {
    case .known(let field): return Int(field)
    case .type where object.skipsType: return -1
    case .type, .unknown:
      guard ignoresUnknownFields else { throw .unknownField }
      return -1
    }
  }

  /// What a name stands for.
  enum Name {
    case known(Int32)
    /// "@type".
    case type
    case unknown
  }

  /// Reads a name.
  mutating func name(in index: JSONNameIndex) throws(JSONError.Reason) -> Name {
    if let text = try plainText() {
      if let value = unsafe index.value(of: text.start, text.count) { return .known(value) }
      // Even what is passed over must be text.
      return try text.string().isExactly("@type") ? .type : .unknown
    }
    let text = try escapedText()
    let value = unsafe text.withUnsafeBytes { bytes in
      unsafe bytes.baseAddress.flatMap { start in unsafe index.value(of: start, bytes.count) }
    }
    if let value { return .known(value) }
    return try JSONText.string(text).isExactly("@type") ? .type : .unknown
  }
}

// Objects whose keys are not known beforehand: maps, `Struct`, `Any`.

extension JSONReader {
  /// Begins an object.
  ///
  /// - Throws: `.wrongType`, `.unexpectedNull`, `.tooDeep`.
  public mutating func openBrace() throws(JSONError.Reason) {
    guard try peek() == UInt8(ascii: "{") else { throw mismatch() }
    guard depth > 0 else { throw .tooDeep }
    depth &-= 1
    advance()
  }

  /// Goes to the next key of an object, or past its end.
  ///
  /// - Parameter isFirst: True before the first member; becomes false.
  /// - Returns: Whether there is another member.
  /// - Throws: `.malformed`, `.truncated`.
  public mutating func nextMember(isFirst: inout Bool) throws(JSONError.Reason) -> Bool {
    try skipSpace()
    let byte = try peek()
    if byte == UInt8(ascii: "}") {
      advance()
      depth &+= 1
      return false
    }
    if isFirst {
      isFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw .malformed }
      advance()
      try skipSpace()
    }
    guard try peek() == UInt8(ascii: "\"") else { throw .malformed }
    return true
  }

  /// Goes past the colon after a key to the value.
  public mutating func colon() throws(JSONError.Reason) {
    try skipSpace()
    guard try peek() == UInt8(ascii: ":") else { throw .malformed }
    advance()
    try skipSpace()
  }
}

// Arrays.

extension JSONReader {
  /// Begins an array.
  ///
  /// - Throws: `.wrongType`, `.unexpectedNull`.
  public mutating func openBracket() throws(JSONError.Reason) {
    guard try peek() == UInt8(ascii: "[") else { throw mismatch() }
    advance()
  }

  /// Goes to the next element of an array, or past its end.
  ///
  /// - Parameter isFirst: True before the first element; becomes false.
  /// - Returns: Whether there is another element.
  /// - Throws: `.malformed`, `.truncated`.
  public mutating func nextElement(isFirst: inout Bool) throws(JSONError.Reason) -> Bool {
    try skipSpace()
    let byte = try peek()
    if byte == UInt8(ascii: "]") {
      advance()
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw .malformed }
    advance()
    try skipSpace()
    guard try peek() != UInt8(ascii: "]") else { throw .malformed }
    return true
  }
}

// Values that nobody wants.

extension JSONReader {
  /// Goes past a value of any kind, which must be well formed.
  ///
  /// - Throws: `JSONError.Reason`, as when reading it.
  public mutating func skipValue() throws(JSONError.Reason) {
    switch try peekKind() {
    case .string:
      if let text = try plainText() {
        if !text.isASCII { _ = try text.string() }
      } else {
        _ = try JSONText.string(escapedText())
      }
    case .number: try skipNumber()
    case .bool: _ = try bool()
    case .null: try null()
    case .object:
      try openBrace()
      var isFirst = true
      while try nextMember(isFirst: &isFirst) {
        try skipValue()
        try colon()
        try skipValue()
      }
    case .array:
      guard depth > 0 else { throw .tooDeep }
      depth &-= 1
      try openBracket()
      var isFirst = true
      while try nextElement(isFirst: &isFirst) { try skipValue() }
      depth &+= 1
    }
  }
}
