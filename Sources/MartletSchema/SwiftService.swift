// Services: the names of the methods, a protocol for the server's side, a struct for the client's.

extension SwiftGenerator {
  func emit(_ service: ServiceDescriptor, of file: FileDescriptor, to text: inout SwiftText) {
    let name = typeName(of: service, in: file)
    text.blank()
    emitMethods(of: service, in: file, name: name, to: &text)
    text.blank()
    emitHandler(of: service, name: name, to: &text)
    text.blank()
    emitClient(of: service, name: name, to: &text)
  }

  /// The names of the three declarations: of the methods, of the handler, of the client.
  func typeNames(of service: ServiceDescriptor, in file: FileDescriptor) -> [String] {
    let name = typeName(of: service, in: file)
    return [name, name + "Handler", name + "Client"]
  }

  /// Swift's name of a service; longer where a message has one of the names made of it.
  private func typeName(of service: ServiceDescriptor, in file: FileDescriptor) -> String {
    let name = prefix(of: file) + SwiftNames.type(service.name)
    let types = file.messages.map(\.fullName) + file.enums.map(\.fullName)
    let taken = Set(types.map(declaredName))
    let isFree = taken.isDisjoint(with: [name, name + "Handler", name + "Client"])
    return isFree ? name : name + "Service"
  }

  private func emitMethods(
    of service: ServiceDescriptor,
    in file: FileDescriptor,
    name: String,
    to text: inout SwiftText
  ) {
    text.documentation(
      service.comments,
      otherwise: "The service `\(service.fullName)`.",
      isDeprecated: service.options.isDeprecated
    )
    text.block("\(access)enum \(name)") { text in
      text.documentation("The name in the schema, part of each method's path.")
      text.line("\(access)static let name = \"\(service.fullName)\"")
      text.blank()
      text.documentation("The methods, for handlers, clients and interceptors.")
      text.block("\(access)enum Methods") { text in
        for (method, member) in zip(service.methods, SwiftNames.methods(of: service)) {
          emitDescriptor(of: method, member, to: &text)
        }
      }
      if options.descriptors { emitDescriptors(of: service, in: file, to: &text) }
    }
  }

  private func emitDescriptor(
    of method: MethodDescriptor,
    _ member: String,
    to text: inout SwiftText
  ) {
    text.documentation("The method `\(method.name)`.")
    let arguments = [
      "service: name", "name: \"\(method.name)\"", "kind: .\(method.kind)",
    ]
    let type = "MethodDescriptor<\(request(method)), \(response(method))>"
    let head = "\(access)static let \(member) ="
    if head.count + type.count + 2 > text.width {
      text.line(head)
      text.indented { text in
        for part in text.signature(type, arguments, "") { text.line(part) }
      }
    } else {
      for part in text.signature("\(head) \(type)", arguments, "") { text.line(part) }
    }
  }

  private func request(_ method: MethodDescriptor) -> String { typeName(method.inputType) }

  private func response(_ method: MethodDescriptor) -> String { typeName(method.outputType) }
}

// The server's side.

extension SwiftGenerator {
  private func emitHandler(of service: ServiceDescriptor, name: String, to text: inout SwiftText) {
    text.documentation("What a server implements to answer `\(service.fullName)`.")
    text.block("\(access)protocol \(name)Handler: ServiceHandler") { text in
      for (method, member) in zip(service.methods, SwiftNames.methods(of: service)) {
        text.blank()
        documentation(of: method, to: &text)
        let lines = text.signature(
          "func \(member)",
          handlerParameters(of: method),
          method.isServerStreaming
            ? " async throws" : " async throws -> \(response(method))"
        )
        for line in lines { text.line(line) }
      }
    }
    text.blank()
    text.block("extension \(name)Handler") { text in
      text.documentation("The service as a server takes it.")
      text.block("\(access)var service: RPCService") { text in
        emitTable(of: service, name: name, to: &text)
      }
    }
  }

  private func emitTable(of service: ServiceDescriptor, name: String, to text: inout SwiftText) {
    text.line("RPCService(")
    text.indented { text in
      text.line("name: \(name).name,")
      emitRows(of: service, name: name, to: &text)
      if options.descriptors { text.line("descriptors: \(name).descriptors") }
    }
    text.line(")")
  }

  private func emitRows(of service: ServiceDescriptor, name: String, to text: inout SwiftText) {
    let end = options.descriptors ? "]," : "]"
    if service.methods.isEmpty { return text.line("methods: [" + end) }
    // The formatter wants a comma behind the last of several elements, and none behind one.
    let comma = service.methods.count > 1 ? "," : ""
    text.line("methods: [")
    text.indented { text in
      for (method, member) in zip(service.methods, SwiftNames.methods(of: service)) {
        let arguments = (0..<handlerParameters(of: method).count).map { "$\($0)" }
        text.line(".\(method.kind)(\(name).Methods.\(member)) {")
        text.indented { text in
          text.line("try await \(member)(\(arguments.joined(separator: ", ")))")
        }
        text.line("}\(comma)")
      }
    }
    text.line(end)
  }

  private func handlerParameters(of method: MethodDescriptor) -> [String] {
    var parameters = [
      method.isClientStreaming
        ? "_ requests: MessageStream<\(request(method))>" : "_ request: \(request(method))"
    ]
    if method.isServerStreaming {
      parameters.append("_ responses: MessageWriter<\(response(method))>")
    }
    return parameters + ["_ call: ServerCall"]
  }

  private func documentation(of method: MethodDescriptor, to text: inout SwiftText) {
    text.documentation(
      method.comments,
      otherwise: "The method `\(method.fullName)`.",
      isDeprecated: method.isDeprecated
    )
  }
}

// The client's side.

extension SwiftGenerator {
  private func emitClient(of service: ServiceDescriptor, name: String, to text: inout SwiftText) {
    text.documentation("Calls `\(service.fullName)` over a channel.")
    text.block("\(access)struct \(name)Client: Sendable") { text in
      text.line("private let channel: Channel")
      text.blank()
      text.documentation("Makes a client that calls over the given channel.")
      text.line("\(access)init(_ channel: Channel) { self.channel = channel }")
      for (method, member) in zip(service.methods, SwiftNames.methods(of: service)) {
        text.blank()
        documentation(of: method, to: &text)
        if method.isDeprecated { text.line("@available(*, deprecated)") }
        emitCall(of: method, member, name: name, to: &text)
      }
    }
  }

  private func emitCall(
    of method: MethodDescriptor,
    _ member: String,
    name: String,
    to text: inout SwiftText
  ) {
    let isUnary = !method.isClientStreaming && !method.isServerStreaming
    let result =
      isUnary ? response(method) : "ClientCall<\(request(method)), \(response(method))>"
    var parameters = ["options: CallOptions = CallOptions()"]
    var arguments = ["\(name).Methods.\(member)"]
    if !method.isClientStreaming {
      parameters.insert("_ request: \(request(method))", at: 0)
      arguments.append("request")
    }
    arguments.append("options: options")
    let call = isUnary ? "unary" : method.isClientStreaming ? "open" : "serverStreaming"
    text.function(
      "\(access)func \(member)",
      parameters,
      " async throws(RPCError) -> \(result)"
    ) { text in
      let lines = text.signature("try await channel.\(call)", arguments, "")
      for line in lines { text.line(line) }
    }
  }
}

extension MethodDescriptor {
  /// MartletRPC's name of the kind of call.
  fileprivate var kind: String {
    switch (isClientStreaming, isServerStreaming) {
    case (false, false): "unary"
    case (false, true): "serverStreaming"
    case (true, false): "clientStreaming"
    case (true, true): "bidirectional"
    }
  }
}
