// Editions and what may differ between them: descriptor.proto's Edition and FeatureSet.

/// A version of the language; proto2 and proto3 count as the first two.
package enum Edition: Int32, Sendable, Hashable, Comparable, CaseIterable {
  case proto2 = 998
  case proto3 = 999
  case edition2023 = 1000
  case edition2024 = 1001

  /// As it stands in a file: "2023".
  package var name: String {
    switch self {
    case .proto2: "proto2"
    case .proto3: "proto3"
    case .edition2023: "2023"
    case .edition2024: "2024"
    }
  }

  package static func < (one: Edition, other: Edition) -> Bool { one.rawValue < other.rawValue }

  /// Editions that protobuf has or has announced and that are not read yet.
  static let future: Set<String> = ["2026", "UNSTABLE"]
}

/// `export` or `local` before a message or an enum: SymbolVisibility.
package enum SymbolVisibility: Int32, Sendable, Hashable {
  case local = 1
  case export = 2
}

/// How an element behaves where editions differ: FeatureSet, resolved.
///
/// An element has its parent's features and changes what its own options say; a file begins with
/// its edition's.
package struct FeatureSet: Sendable, Hashable {
  /// Whether "not set" differs from "set to the default".
  package enum FieldPresence: Int32, Sendable, Hashable {
    case explicit = 1
    case implicit = 2
    case legacyRequired = 3
  }

  /// Whether numbers without a name pass.
  package enum EnumType: Int32, Sendable, Hashable {
    case open = 1
    case closed = 2
  }

  /// How lists of numbers are written.
  package enum RepeatedFieldEncoding: Int32, Sendable, Hashable {
    case packed = 1
    case expanded = 2
  }

  /// Whether strings must be UTF-8.
  package enum UTF8Validation: Int32, Sendable, Hashable {
    case verify = 2
    case none = 3
  }

  /// How messages are parted from what follows.
  package enum MessageEncoding: Int32, Sendable, Hashable {
    case lengthPrefixed = 1
    case delimited = 2
  }

  /// Whether names must work in JSON.
  package enum JSONFormat: Int32, Sendable, Hashable {
    case allow = 1
    case legacyBestEffort = 2
  }

  /// Which style guide names must keep to.
  package enum NamingStyle: Int32, Sendable, Hashable {
    case style2024 = 1
    case legacy = 2
    case style2026 = 3
  }

  /// Who may use messages and enums without `export` or `local`.
  package enum DefaultVisibility: Int32, Sendable, Hashable {
    case exportAll = 1
    case exportTopLevel = 2
    case localAll = 3
    case strict = 4
  }

  package var fieldPresence: FieldPresence
  package var enumType: EnumType
  package var repeatedFieldEncoding: RepeatedFieldEncoding
  package var utf8Validation: UTF8Validation
  package var messageEncoding = MessageEncoding.lengthPrefixed
  package var jsonFormat: JSONFormat
  package var namingStyle: NamingStyle
  package var defaultVisibility: DefaultVisibility

  /// What holds in an edition unless a file says otherwise.
  package init(_ edition: Edition) {
    fieldPresence = edition == .proto3 ? .implicit : .explicit
    enumType = edition == .proto2 ? .closed : .open
    repeatedFieldEncoding = edition == .proto2 ? .expanded : .packed
    utf8Validation = edition == .proto2 ? .none : .verify
    jsonFormat = edition == .proto2 ? .legacyBestEffort : .allow
    namingStyle = edition < .edition2024 ? .legacy : .style2024
    defaultVisibility = edition < .edition2024 ? .exportAll : .exportTopLevel
  }

  /// Numbers of FeatureSet's fields that rules ask for.
  enum Number {
    static let fieldPresence: Int32 = 1
    static let repeatedFieldEncoding: Int32 = 3
    static let utf8Validation: Int32 = 4
    static let messageEncoding: Int32 = 5
  }

  /// Takes over the features that an option gives.
  ///
  /// - Returns: the name of the first whose value means nothing, such as `ENUM_TYPE_UNKNOWN`.
  mutating func apply(_ fields: [OptionField]) -> String? {
    var unknown: String?
    for field in fields where !field.isExtension {
      guard case .enumValue(_, let value) = field.value else { continue }
      if !set(field.number, to: value) { unknown = unknown ?? field.name }
    }
    return unknown
  }

  private mutating func set(_ number: Int32, to value: Int32) -> Bool {
    switch number {
    case Number.fieldPresence: Self.set(&fieldPresence, to: value)
    case 2: Self.set(&enumType, to: value)
    case Number.repeatedFieldEncoding: Self.set(&repeatedFieldEncoding, to: value)
    case Number.utf8Validation: Self.set(&utf8Validation, to: value)
    case Number.messageEncoding: Self.set(&messageEncoding, to: value)
    case 6: Self.set(&jsonFormat, to: value)
    case 7: Self.set(&namingStyle, to: value)
    case 8: Self.set(&defaultVisibility, to: value)
    default: true
    }
  }

  private static func set<Feature: RawRepresentable<Int32>>(
    _ feature: inout Feature,
    to value: Int32
  ) -> Bool {
    guard let known = Feature(rawValue: value) else { return false }
    feature = known
    return true
  }
}

extension DescriptorOptions {
  /// What the element's own `features` say, custom ones included.
  var features: [OptionField] {
    guard case .message(let fields)? = known["features"] else { return [] }
    return fields
  }

  /// Whether the element itself says anything of a feature.
  func givesFeature(_ number: Int32) -> Bool {
    features.contains { $0.number == number && !$0.isExtension }
  }

  /// Where an option stands, by its first name.
  func span(of name: String) -> SourceSpan? {
    written.first { $0.name.first.map { !$0.isExtension && $0.name == name } ?? false }?.span
  }
}
