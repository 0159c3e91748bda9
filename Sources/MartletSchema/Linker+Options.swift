// Walks a file's elements, gives each option its meaning, and checks what options may not say.

extension Linker {
  /// Options are interpreted in two rounds.
  enum OptionRound {
    /// Those of descriptor.proto, features among them.
    case own
    /// Extensions of them.
    case custom
  }

  mutating func interpretOptions(of file: inout FileDescriptor, _ round: OptionRound) {
    interpret(&file.options, .file, round, scope: Self.join(file.package, "file"))
    for index in file.messages.indices { interpretOptions(of: &file.messages[index], round) }
    for index in file.enums.indices { interpretOptions(of: &file.enums[index], round) }
    for index in file.extensions.indices { interpretOptions(of: &file.extensions[index], round) }
    for index in file.services.indices { interpretOptions(of: &file.services[index], round) }
    guard round == .custom else { return }
    record(extensionsOf: file)
    checkUses()
  }

  private mutating func interpretOptions(of message: inout MessageDescriptor, _ round: OptionRound)
  {
    if message.isMapEntry { return }
    interpret(&message.options, .message, round, scope: message.fullName)
    if round == .own { checkFormat(of: &message) }
    for index in message.fields.indices { interpretOptions(of: &message.fields[index], round) }
    for index in message.extensions.indices {
      interpretOptions(of: &message.extensions[index], round)
    }
    for index in message.oneofs.indices {
      let scope = message.oneofs[index].fullName
      interpret(&message.oneofs[index].options, .oneof, round, scope: scope)
    }
    for index in message.extensionRanges.indices {
      let scope = message.fullName
      interpret(&message.extensionRanges[index].options, .extensionRange, round, scope: scope)
    }
    for index in message.messages.indices { interpretOptions(of: &message.messages[index], round) }
    for index in message.enums.indices { interpretOptions(of: &message.enums[index], round) }
  }

  private mutating func interpretOptions(of field: inout FieldDescriptor, _ round: OptionRound) {
    if field.options.written.isEmpty { return }
    interpret(&field.options, .field, round, scope: field.fullName)
    guard round == .own else { return }
    if field.options.flag("packed") == true, !field.isRepeated || !field.type.isPackable {
      let span = field.options.span(of: "packed")
      error("only repeated numbers, bools and enums can be packed", at: span)
    }
    checkLanguageOptions(of: field)
  }

  private mutating func checkLanguageOptions(of field: FieldDescriptor) {
    if field.options.known["jstype"] != nil,
      ![.int64, .uint64, .sint64, .fixed64, .sfixed64].contains(field.type),
      field.options.known["jstype"] != .enumValue(name: "JS_NORMAL", number: 0)
    {
      error("\"jstype\" is only for integers of 64 bits", at: field.options.span(of: "jstype"))
    }
    for name in ["lazy", "unverified_lazy"] where field.options.flag(name) == true {
      if field.type != .message {
        error("\"\(name)\" is only for messages", at: field.options.span(of: name))
      }
    }
  }

  private mutating func interpretOptions(of enumeration: inout EnumDescriptor, _ round: OptionRound)
  {
    interpret(&enumeration.options, .enumeration, round, scope: enumeration.fullName)
    for index in enumeration.values.indices where !enumeration.values[index].options.isEmpty {
      let scope = enumeration.values[index].fullName
      interpret(&enumeration.values[index].options, .enumValue, round, scope: scope)
    }
  }

  private mutating func interpretOptions(of service: inout ServiceDescriptor, _ round: OptionRound)
  {
    interpret(&service.options, .service, round, scope: service.fullName)
    for index in service.methods.indices {
      let scope = service.methods[index].fullName
      interpret(&service.methods[index].options, .method, round, scope: scope)
    }
  }

  private mutating func interpret(
    _ options: inout DescriptorOptions,
    _ kind: OptionKind,
    _ round: OptionRound,
    scope: String
  ) {
    let isOfRound = { (option: UninterpretedOption) in
      (option.name.first?.isExtension ?? false) == (round == .custom)
    }
    guard options.written.contains(where: isOfRound), !sink.isFull else { return }
    var interpreter = OptionInterpreter(linker: self, kind: kind, scope: scope)
    var problems: [OptionFailure] = []
    for (position, option) in options.written.enumerated() where isOfRound(option) {
      do throws(OptionFailure) {
        let field = try interpreter.interpret(option)
        options.add(field, at: position)
        if !field.isExtension { options.setKnown(field) }
      } catch {
        problems.append(error)
      }
    }
    let uses = interpreter.uses
    for problem in problems where !problem.isConsequence {
      error(problem.message, at: problem.span, suggestion: problem.suggestion)
    }
    optionUses += uses
  }

  /// Extensions again, now that their own options have a meaning.
  private mutating func record(extensionsOf file: FileDescriptor) {
    for field in file.extensions { extensions[field.fullName] = field }
    var pending = file.messages
    while let message = pending.popLast() {
      for field in message.extensions { extensions[field.fullName] = field }
      pending += message.messages
    }
  }
}

extension DescriptorOptions {
  /// Puts the meaning of the option at a position in its place among the others.
  fileprivate mutating func add(_ field: OptionField, at position: Int) {
    fields.insert(field, at: min(position, fields.count))
  }

  /// Makes an option of descriptor.proto findable by name.
  mutating func setKnown(_ field: OptionField) {
    guard field.isRepeated else {
      // Parts given one by one make one message.
      if case .message(let more) = field.value, case .message(let parts)? = known[field.name] {
        known[field.name] = .message(parts + more)
      } else {
        known[field.name] = field.value
      }
      return
    }
    let earlier: [OptionValue]
    if case .list(let values)? = known[field.name] { earlier = values } else { earlier = [] }
    known[field.name] = .list(earlier + [field.value])
  }
}
