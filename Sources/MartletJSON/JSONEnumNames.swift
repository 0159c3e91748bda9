/// The names of an enum type.
///
/// For generated code, which describes them by one string: names in the order of the schema, each
/// followed by `=` and its number where that is not one more than the number before.
@frozen
@safe
public struct JSONEnumNames: @unchecked Sendable {
  @usableFromInline let table: UnsafeRawPointer

  /// Makes the table, which stays until the process ends: for `static let` only.
  ///
  /// - Parameters:
  ///   - description: The names, in words.
  ///   - isNull: Whether values are written as null, as those of `google.protobuf.NullValue` are.
  public init(_ description: StaticString, isNull: Bool = false) {
    let table = UnsafeMutablePointer<JSONEnumTable>.allocate(capacity: 1)
    unsafe table.initialize(to: JSONEnumTable(description, isNull: isNull))
    unsafe self.table = UnsafeRawPointer(table)
  }

  @inline(__always)
  var contents: UnsafePointer<JSONEnumTable> {
    unsafe table.assumingMemoryBound(to: JSONEnumTable.self)
  }
}

/// What `JSONEnumNames` points at.
@safe
struct JSONEnumTable {
  /// A name in quotes.
  @safe
  struct Name {
    var text: UnsafeRawPointer
    var count: Int
  }

  let isNull: Bool
  let index: JSONNameIndex
  /// By number from 0, as far as numbers follow each other; of two names of a number the first.
  private let dense: UnsafeMutablePointer<Name>
  private let denseCount: Int32
  private let sparse: [Int32: Name]

  init(_ description: StaticString, isNull: Bool) {
    let words = JSONWords.split(description)
    self.isNull = isNull
    index = JSONNameIndex(capacity: words.count)
    var names: [Int32: Name] = [:]
    var number: Int32 = -1
    for word in words {
      let parts = word.split(separator: UInt8(ascii: "="))
      number = parts.count > 1 ? Self.number(parts[1]) : number &+ 1
      let quoted = [UInt8(ascii: "\"")] + parts[0] + [UInt8(ascii: "\"")]
      let name = unsafe Name(text: JSONWords.immortal(quoted), count: quoted.count)
      if names[number] == nil { names[number] = name }
      unsafe index.insert(name.text + 1, name.count - 2, number)
    }
    var dense: [Name] = []
    while let name = names.removeValue(forKey: Int32(dense.count)) {
      dense.append(name)
    }
    denseCount = Int32(dense.count)
    unsafe self.dense = .allocate(capacity: dense.count)
    for (place, name) in dense.enumerated() {
      unsafe (self.dense + place).initialize(to: name)
    }
    sparse = names
  }

  /// A number's name in quotes; nil when it has none.
  @inline(__always)
  func name(of number: Int32) -> Name? {
    if number >= 0, number < denseCount { return unsafe dense[Int(number)] }
    return sparse[number]
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int32 {
    guard let number = Int32(String(decoding: text, as: UTF8.self)) else {
      preconditionFailure("an enum's description is malformed")
    }
    return number
  }
}
