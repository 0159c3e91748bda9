// What an enum's values must keep to.

extension Linker {
  mutating func checkRules(of enumeration: EnumDescriptor) {
    guard let first = enumeration.values.first else {
      if damage[current].isBroken { return }
      error("the enum \"\(enumeration.name)\" has no values", at: enumeration.nameSpan)
      return
    }
    if !enumeration.isClosed, first.number != 0,
      !damage[current].holdsStatement(between: enumeration.nameSpan, and: first.nameSpan)
    {
      error(
        "the first value of an open enum must be 0",
        at: first.numberSpan,
        suggestion: "add one such as \(Self.zeroName(for: enumeration.name)) = 0"
      )
    }
    checkAliases(of: enumeration)
    checkNames(of: enumeration)
    checkReserved(of: enumeration)
  }

  /// "ActivityType" -> "ACTIVITY_TYPE_UNSPECIFIED".
  private static func zeroName(for name: String) -> String {
    var result = ""
    var isAfterLower = false
    for character in name {
      if character.isUppercase, isAfterLower { result += "_" }
      isAfterLower = character.isLowercase || character.isNumber
      result += character.uppercased()
    }
    return result + "_UNSPECIFIED"
  }

  private mutating func checkAliases(of enumeration: EnumDescriptor) {
    let option = enumeration.options.written.first { $0.nameText == "allow_alias" }
    // Descriptors that were read have the option without its text.
    let allows =
      option?.value == .identifier("true") || enumeration.options.flag("allow_alias") == true
    var owners: [Int32: String] = [:]
    var hasAlias = false
    for value in enumeration.values {
      guard let other = owners[value.number] else {
        owners[value.number] = value.name
        continue
      }
      hasAlias = true
      if allows { continue }
      error(
        "the number \(value.number) of \"\(value.name)\" is already that of \"\(other)\"",
        at: value.numberSpan,
        suggestion: "if both mean the same, add \"option allow_alias = true;\""
      )
    }
    guard let option else { return }
    if option.value == .identifier("false") {
      error("\"allow_alias = false\" has no effect; leave it out", at: option.span)
    } else if allows, !hasAlias, !damage[current].isBroken {
      error("\"allow_alias\" is set but no two values share a number", at: option.span)
    }
  }

  /// Names must differ when the enum's own name is taken off and case does not count: languages
  /// and JSON mappings shorten them so.
  private mutating func checkNames(of enumeration: EnumDescriptor) {
    let option = "deprecated_legacy_json_field_conflicts"
    let isLenient = files[current].edition == .proto2 && enumeration.options.flag(option) == true
    var owners: [String: EnumValueDescriptor] = [:]
    for value in enumeration.values {
      let short = EnumValueName.shortened(value.name, enumName: enumeration.name)
      guard let other = owners[short] else {
        owners[short] = value
        continue
      }
      if other.name == value.name || other.number == value.number { continue }
      report(
        "\"\(value.name)\" and \"\(other.name)\" are the same name without the enum's name and "
          + "without regard to case",
        at: value.nameSpan,
        asWarning: isLenient
      )
    }
  }

  private mutating func checkReserved(of enumeration: EnumDescriptor) {
    checkOrder(of: enumeration.reservedRanges, lowest: .min)
    checkOverlap(of: enumeration.reservedRanges)
    checkDuplicates(of: enumeration.reservedNames)
    let names = Set(enumeration.reservedNames.map(\.name))
    let sorted = enumeration.reservedRanges.sorted { $0.first < $1.first }
    for value in enumeration.values {
      if names.contains(value.name) {
        error("the name \"\(value.name)\" is reserved", at: value.nameSpan)
      }
      if Self.range(holding: value.number, in: sorted) != nil {
        error("the number \(value.number) of \"\(value.name)\" is reserved", at: value.numberSpan)
      }
    }
  }
}

/// The name of an enum's value as languages with scoped enums write it.
enum EnumValueName {
  /// The name in PascalCase without the enum's name, whatever that one's case and underscores.
  ///
  /// A name that would become empty stays whole.
  static func shortened(_ name: String, enumName: String) -> String {
    pascalCase(withoutPrefix(Array(name.utf8), Array(enumName.utf8)))
  }

  private static func withoutPrefix(_ name: [UInt8], _ enumName: [UInt8]) -> ArraySlice<UInt8> {
    let underscore = UInt8(ascii: "_")
    let prefix = enumName.filter { $0 != underscore }.map(\.asciiLowercased)
    var matched = 0
    var position = 0
    while position < name.count, matched < prefix.count {
      if name[position] != underscore {
        guard name[position].asciiLowercased == prefix[matched] else { return name[...] }
        matched += 1
      }
      position += 1
    }
    guard matched == prefix.count else { return name[...] }
    while position < name.count, name[position] == underscore { position += 1 }
    return position < name.count ? name[position...] : name[...]
  }

  private static func pascalCase(_ name: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var isCapital = true
    for byte in name {
      if byte == UInt8(ascii: "_") {
        isCapital = true
        continue
      }
      result.append(isCapital ? byte.asciiUppercased : byte.asciiLowercased)
      isCapital = false
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension UInt8 {
  var asciiLowercased: UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
  }

  var asciiUppercased: UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) ? self & 0xDF : self
  }
}
