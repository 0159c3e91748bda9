// Walks a file's elements, gives each option its meaning, and checks what options may not say.

/// An option used on an element; its declaration may list the kinds of element it is for.
struct OptionTargetUse {
  /// The extension's full name, or the full name of the field of descriptor.proto.
  var declaration: String
  var isExtension: Bool
  var kind: OptionKind
  var span: SourceSpan
}

extension Linker {
  mutating func interpretOptions(of file: inout FileDescriptor) {
    interpret(&file.options, .file, scope: Self.join(file.package, "file"))
    for index in file.messages.indices { interpretOptions(of: &file.messages[index]) }
    for index in file.enums.indices { interpretOptions(of: &file.enums[index]) }
    for index in file.extensions.indices { interpretOptions(of: &file.extensions[index]) }
    for index in file.services.indices { interpretOptions(of: &file.services[index]) }
    record(extensionsOf: file)
    checkTargets()
  }

  private mutating func interpretOptions(of message: inout MessageDescriptor) {
    if message.isMapEntry { return }
    interpret(&message.options, .message, scope: message.fullName)
    checkFormat(of: message)
    for index in message.fields.indices { interpretOptions(of: &message.fields[index]) }
    for index in message.extensions.indices { interpretOptions(of: &message.extensions[index]) }
    for index in message.oneofs.indices {
      interpret(&message.oneofs[index].options, .oneof, scope: message.oneofs[index].fullName)
    }
    for index in message.extensionRanges.indices {
      let scope = message.fullName
      interpret(&message.extensionRanges[index].options, .extensionRange, scope: scope)
    }
    for index in message.messages.indices { interpretOptions(of: &message.messages[index]) }
    for index in message.enums.indices { interpretOptions(of: &message.enums[index]) }
  }

  private mutating func interpretOptions(of field: inout FieldDescriptor) {
    interpret(&field.options, .field, scope: field.fullName)
    if let packed = field.options.flag("packed") {
      if packed, !field.isRepeated || !field.type.isPackable {
        let span = field.options.written.first { $0.nameText == "packed" }?.span
        error("only repeated numbers, bools and enums can be packed", at: span)
      }
      field.isPacked = packed && field.isRepeated && field.type.isPackable
    }
    checkLanguageOptions(of: field)
  }

  private mutating func checkLanguageOptions(of field: FieldDescriptor) {
    func span(_ name: String) -> SourceSpan? {
      field.options.written.first { $0.nameText == name }?.span
    }
    if field.options.known["jstype"] != nil,
      ![.int64, .uint64, .sint64, .fixed64, .sfixed64].contains(field.type),
      field.options.known["jstype"] != .enumValue(name: "JS_NORMAL", number: 0)
    {
      error("\"jstype\" is only for integers of 64 bits", at: span("jstype"))
    }
    for name in ["lazy", "unverified_lazy"] where field.options.flag(name) == true {
      if field.type != .message { error("\"\(name)\" is only for messages", at: span(name)) }
    }
  }

  private mutating func interpretOptions(of enumeration: inout EnumDescriptor) {
    interpret(&enumeration.options, .enumeration, scope: enumeration.fullName)
    for index in enumeration.values.indices {
      let scope = enumeration.values[index].fullName
      interpret(&enumeration.values[index].options, .enumValue, scope: scope)
    }
  }

  private mutating func interpretOptions(of service: inout ServiceDescriptor) {
    interpret(&service.options, .service, scope: service.fullName)
    for index in service.methods.indices {
      interpret(&service.methods[index].options, .method, scope: service.methods[index].fullName)
    }
  }

  private mutating func interpret(
    _ options: inout DescriptorOptions,
    _ kind: OptionKind,
    scope: String
  ) {
    guard !options.written.isEmpty else { return }
    var interpreter = OptionInterpreter(linker: self, kind: kind, scope: scope)
    for option in options.written {
      do throws(OptionFailure) {
        let field = try interpreter.interpret(option)
        options.fields.append(field)
        if !field.isExtension { options.setKnown(field) }
      } catch {
        self.error(error.message, at: error.span, suggestion: error.suggestion)
      }
    }
    for symbol in interpreter.used { markUsed(symbol) }
    targetUses += interpreter.targetUses
  }

  // MARK: - Targets

  /// Extensions again, now that their own options have a meaning.
  private mutating func record(extensionsOf file: FileDescriptor) {
    for field in file.extensions { extensions[field.fullName] = field }
    var pending = file.messages
    while let message = pending.popLast() {
      for field in message.extensions { extensions[field.fullName] = field }
      pending += message.messages
    }
  }

  private mutating func checkTargets() {
    for use in targetUses where use.isExtension {
      guard case .list(let targets)? = extensions[use.declaration]?.options.known["targets"] else {
        continue
      }
      let isAllowed = targets.contains { target in
        if case .enumValue(let name, _) = target { name == use.kind.target } else { false }
      }
      if !isAllowed {
        error("the option \"\(use.declaration)\" is not for this kind of element", at: use.span)
      }
    }
    targetUses = []
  }
}

extension DescriptorOptions {
  /// Makes an option of descriptor.proto findable by name.
  mutating func setKnown(_ field: OptionField) {
    guard field.isRepeated else {
      known[field.name] = field.value
      return
    }
    let earlier: [OptionValue]
    if case .list(let values)? = known[field.name] { earlier = values } else { earlier = [] }
    known[field.name] = .list(earlier + [field.value])
  }
}
