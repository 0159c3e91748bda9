// What the declarations of options say of their use: on which kinds of element, in which editions.

/// An option or a part of one, used on an element.
struct OptionUse {
  /// The field or the extension that declares it.
  var declaration: FieldDescriptor
  /// The value's name where it is an enum's.
  var value: EnumValueDescriptor?
  var kind: OptionKind
  var span: SourceSpan
}

extension Linker {
  mutating func checkUses() {
    for use in optionUses {
      // An extension of this file has got its options only since.
      let declaration = extensions[use.declaration.fullName] ?? use.declaration
      checkTarget(of: use, declaration)
      checkSupport(declaration.options, of: declaration.fullName, at: use.span)
      guard let value = use.value else { continue }
      checkSupport(value.options, of: value.fullName, at: use.span)
    }
    optionUses = []
  }

  private mutating func checkTarget(of use: OptionUse, _ declaration: FieldDescriptor) {
    let targets = declaration.options.targets
    guard !targets.isEmpty, !targets.contains(use.kind.target) else { return }
    error("the option \"\(declaration.fullName)\" is not for this kind of element", at: use.span)
  }

  private mutating func checkSupport(
    _ options: DescriptorOptions,
    of name: String,
    at span: SourceSpan
  ) {
    guard case .message(let support)? = options.known["feature_support"] else { return }
    let edition = files[current].edition
    func isReached(_ number: Int32) -> Bool? {
      support.number(number).map { $0 <= edition.rawValue }
    }
    if isReached(SupportNumber.introduced) == false {
      error("\"\(name)\" is not there yet in \(edition.name)", at: span)
    } else if isReached(SupportNumber.removed) == true {
      let reason = support.text(SupportNumber.removalError).map { ": " + $0 } ?? ""
      error("\"\(name)\" is no longer there in \(edition.name)\(reason)", at: span)
    } else if isReached(SupportNumber.deprecated) == true {
      let reason = support.text(SupportNumber.deprecationWarning).map { ": " + $0 } ?? ""
      sink.warning("\"\(name)\" is deprecated\(reason)", in: files[current].name, at: span)
    }
  }
}

/// The fields of FieldOptions.FeatureSupport.
private enum SupportNumber {
  static let introduced: Int32 = 1
  static let deprecated: Int32 = 2
  static let deprecationWarning: Int32 = 3
  static let removed: Int32 = 4
  static let removalError: Int32 = 5
}

extension [OptionField] {
  fileprivate func number(_ number: Int32) -> Int32? {
    guard case .enumValue(_, let value)? = last(where: { $0.number == number })?.value else {
      return nil
    }
    return value
  }

  fileprivate func text(_ number: Int32) -> String? {
    guard case .string(let value)? = last(where: { $0.number == number })?.value else { return nil }
    return value
  }
}

extension DescriptorOptions {
  /// Whether a declaration with these options limits where it may be used.
  var limitsUse: Bool {
    known["targets"] != nil || known["feature_support"] != nil
      || written.contains {
        $0.name.first?.name == "targets" || $0.name.first?.name == "feature_support"
      }
  }

  /// The kinds of element that a declared option is for; none when it is for all.
  fileprivate var targets: [String] {
    if case .list(let values)? = known["targets"] {
      return values.compactMap { if case .enumValue(let name, _) = $0 { name } else { nil } }
    }
    return written.compactMap {
      guard $0.name.first?.name == "targets", case .identifier(let name) = $0.value else {
        return nil
      }
      return name
    }
  }

  /// Whether a declared option stays out of descriptors.
  var isSourceOnly: Bool {
    if case .enumValue(_, let number)? = known["retention"] { return number == 2 }
    return written.contains {
      $0.name.first?.name == "retention" && $0.value == .identifier("RETENTION_SOURCE")
    }
  }
}
