// Who may name a message or an enum: `export`, `local` and the file's default.

extension Linker {
  mutating func recordLocalTypes(of file: FileDescriptor) {
    let byDefault = file.features.defaultVisibility
    // Descriptors leave out what may have made it another one.
    guard file.edition >= .edition2024, !file.lacksSourceOptions else { return }
    for message in file.messages {
      record(message, isTopLevel: true, byDefault)
    }
    for enumeration in file.enums {
      record(enumeration.fullName, enumeration.visibility, isTopLevel: true, byDefault)
    }
  }

  private mutating func record(
    _ message: MessageDescriptor,
    isTopLevel: Bool,
    _ byDefault: FeatureSet.DefaultVisibility
  ) {
    record(message.fullName, message.visibility, isTopLevel: isTopLevel, byDefault)
    for nested in message.messages where !nested.isMapEntry {
      record(nested, isTopLevel: false, byDefault)
    }
    for enumeration in message.enums {
      record(enumeration.fullName, enumeration.visibility, isTopLevel: false, byDefault)
    }
  }

  private mutating func record(
    _ name: String,
    _ written: SymbolVisibility?,
    isTopLevel: Bool,
    _ byDefault: FeatureSet.DefaultVisibility
  ) {
    let isExported: Bool
    switch byDefault {
    case .exportAll: isExported = true
    case .exportTopLevel: isExported = isTopLevel
    case .localAll, .strict: isExported = false
    }
    if written.map({ $0 == .local }) ?? !isExported { localTypes.insert(name) }
  }

  mutating func checkIsNotLocal(_ name: String, _ symbol: Symbol, at span: SourceSpan) {
    guard !localTypes.isEmpty, symbol.file != current, localTypes.contains(name) else { return }
    error("\"\(name)\" is local to \"\(files[symbol.file].name)\"", at: span)
  }

  /// With `STRICT`, what is nested is not exported, but for enums in a message that does nothing
  /// else than to give them its name.
  mutating func checkVisibility(of file: FileDescriptor) {
    guard file.features.defaultVisibility == .strict else { return }
    for message in file.messages { checkNested(in: message, isTopLevel: true) }
  }

  private mutating func checkNested(in message: MessageDescriptor, isTopLevel: Bool) {
    let isNamespace =
      isTopLevel && message.visibility != .export
      && message.reservedRanges.contains {
        $0.first == 1 && $0.last == FileParser.lastFieldNumber
      }
    for nested in message.messages {
      if nested.visibility == .export {
        error("a nested message cannot be exported in a file that is STRICT", at: nested.nameSpan)
      }
      checkNested(in: nested, isTopLevel: false)
    }
    for enumeration in message.enums where enumeration.visibility == .export && !isNamespace {
      error(
        "a nested enum cannot be exported in a file that is STRICT",
        at: enumeration.nameSpan,
        suggestion: "it can in a local message that reserves 1 to max"
      )
    }
  }
}
