// What becomes of a field's values when its type changes: protobuf's encoding and its mapping to
// JSON, https://protobuf.dev/programming-guides/proto3/#updating and …/json. Pure; the experiment of
// Tests/interop/test_breaking_experiment.py holds every pair against google.protobuf.
//
// A change is safe when programs of both versions read what the other writes: the new ones every
// value of the old type, the old ones every value that the old type could hold.

/// What becomes of values.
enum BreakingVerdict: Hashable {
  /// They stay.
  case safe
  /// Some stay; others are cut off, turned or refused: which.
  case narrows(String)
  /// They are lost, refused or read as something else: why.
  case breaks(String)

  /// The worse of two, the first of two that are as bad.
  func worse(_ other: BreakingVerdict) -> BreakingVerdict {
    rank < other.rank ? other : self
  }

  private var rank: Int {
    switch self {
    case .safe: 0
    case .narrows: 1
    case .breaks: 2
    }
  }
}

/// The type of one value: of a field, or a map's key or value.
struct ValueType {
  var type: FieldType
  /// Where it is an enum.
  var enumeration: EnumDescriptor?

  /// As a schema names it.
  func text(_ typeName: String) -> String {
    typeName.isEmpty ? type.text : "\"\(typeName)\""
  }

  /// The integers that a value may be; nil for what is no integer on the wire.
  ///
  /// An open enum can hold every number, and does hold negative ones where its author uses such.
  private var integers: (low: Int64, high: UInt64)? {
    switch type {
    case .bool: (0, 1)
    case .int32, .sint32, .sfixed32: (Int64(Int32.min), UInt64(Int32.max))
    case .int64, .sint64, .sfixed64: (.min, UInt64(Int64.max))
    case .uint32, .fixed32: (0, UInt64(UInt32.max))
    case .uint64, .fixed64: (0, .max)
    case .enum: enumIntegers
    default: nil
    }
  }

  private var enumIntegers: (low: Int64, high: UInt64) {
    let numbers = enumeration?.values.map(\.number) ?? []
    let low = Int64(min(0, numbers.min() ?? 0))
    if enumeration?.isClosed ?? false { return (low, UInt64(max(0, numbers.max() ?? 0))) }
    return (low < 0 ? Int64(Int32.min) : 0, UInt64(Int32.max))
  }

  /// How it is written: types of one class read each other's bytes.
  private var wireClass: Int {
    switch type {
    case .int32, .int64, .uint32, .uint64, .bool, .enum: 0
    case .sint32, .sint64: 1
    case .fixed32, .sfixed32: 2
    case .fixed64, .sfixed64: 3
    case .float: 4
    case .double: 5
    case .string, .bytes: 6
    case .message: 7
    case .group: 8
    case .unresolved: 9
    }
  }

  /// What becomes of binary values; messages are left to the caller.
  func wireVerdict(to new: ValueType) -> BreakingVerdict {
    if type == .message, new.type == .bytes { return .safe }
    guard wireClass == new.wireClass else {
      return .breaks("they are written in different ways")
    }
    if type == .bytes, new.type == .string {
      return .narrows("bytes that are not UTF-8 are refused")
    }
    return integerVerdict(to: new)
  }

  /// Whether the new type holds all the integers of the old one.
  private func integerVerdict(to new: ValueType) -> BreakingVerdict {
    guard let from = integers, var into = new.integers else { return .safe }
    if new.type == .enum { into = (Int64(Int32.min), UInt64(Int32.max)) }
    if let numbers = new.closedNumbers {
      if closedNumbers.map(numbers.isSuperset) ?? false { return .safe }
      return .narrows("numbers that the enum does not name become unknown fields")
    }
    if from.low >= into.low, from.high <= into.high { return .safe }
    return .narrows("numbers beyond \(into.low) to \(into.high) change or are refused")
  }

  private var closedNumbers: Set<Int32>? {
    guard let enumeration, enumeration.isClosed else { return nil }
    return Set(enumeration.values.map(\.number))
  }

  /// What becomes of JSON values; messages are left to the caller.
  func jsonVerdict(to new: ValueType) -> BreakingVerdict {
    switch (type, new.type) {
    case (.enum, .enum): return enumJSONVerdict(to: new)
    case (.bool, .bool), (.string, .string), (.bytes, .bytes), (.message, .message),
      (.group, .message), (.message, .group), (.group, .group), (.float, .double):
      return .safe
    case (.double, .float): return .narrows("numbers lose digits or are out of range")
    case (.enum, _), (_, .enum): return .breaks("JSON has the names of an enum's values")
    default: return numberJSONVerdict(to: new)
    }
  }

  private func numberJSONVerdict(to new: ValueType) -> BreakingVerdict {
    if type == new.type { return .safe }
    guard type != .bool, new.type != .bool, let from = integers else {
      return .breaks("JSON writes them differently")
    }
    switch new.type {
    case .double where from.high <= 1 << 53: return .safe
    case .double: return .narrows("numbers beyond 2^53 lose digits")
    case .float: return .narrows("numbers beyond 2^24 lose digits")
    default:
      return new.integers == nil
        ? .breaks("JSON writes them differently") : integerVerdict(to: new)
    }
  }

  private func enumJSONVerdict(to new: ValueType) -> BreakingVerdict {
    guard let old = enumeration, let new = new.enumeration else { return .safe }
    let numbers = Dictionary(new.values.map { ($0.name, $0.number) }) { first, _ in first }
    if let lost = old.values.first(where: { numbers[$0.name] != $0.number }) {
      return .narrows("\"\(lost.name)\" is not of the new enum, or has another number in it")
    }
    return !old.isClosed && new.isClosed ? .narrows("numbers without a name are refused") : .safe
  }

  /// What becomes of the keys of a map, which JSON writes as strings.
  func jsonKeyVerdict(to new: ValueType) -> BreakingVerdict {
    if type == new.type { return .safe }
    if [type, new.type].contains(where: { $0 == .string || $0 == .bool }) {
      return .breaks("JSON writes them differently")
    }
    return integerVerdict(to: new)
  }
}

extension FieldType {
  /// As a schema names it.
  var text: String { self == .enum || self == .message ? "a named type" : "\(self)" }
}
