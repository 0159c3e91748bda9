internal import MartletRPC
internal import MartletWire

/// What a server's schema declares and in which file: a value, made once when the server starts.
struct ReflectionIndex: Sendable {
  /// A schema file as reflection hands it out.
  struct File: Sendable {
    let imports: [String]
    /// A serialized `google.protobuf.FileDescriptorProto`.
    let bytes: [UInt8]
  }

  /// Full names of the services, sorted.
  private(set) var services: [String] = []
  /// By import path.
  private(set) var files: [String: File] = [:]
  /// The import path of the file that declares a full name.
  private var symbols: [String: String] = [:]
  /// The import paths of the files that declare a message's extensions, by the extensions' numbers.
  private var extensions: [String: [Int32: String]] = [:]

  /// The path of the file that declares a message, field, enum, value, service or method.
  func file(declaring symbol: String) -> String? { symbols[symbol] }

  func file(extending message: String, with number: Int32) -> String? {
    extensions[message]?[number]
  }

  /// The numbers of a message's extensions, ascending; nil for what is no message.
  func extensionNumbers(of message: String) -> [Int32]? {
    guard symbols[message] != nil else { return nil }
    return (extensions[message] ?? [:]).keys.sorted()
  }

  // MARK: Filling it

  /// Adds a service that the server has, with its files if its code carries them.
  ///
  /// - Precondition: `descriptors` are what the schema compiler wrote.
  mutating func add(_ service: RPCService) {
    services.append(service.name)
    services.sort()
    guard let text = service.descriptors else { return }
    guard let bytes = text.withUTF8Buffer({ unsafe Base64.decode($0) }),
      let set = try? DescriptorSet(decoding: bytes)
    else { preconditionFailure("the descriptors of \(service.name) are damaged") }
    for file in set.file { add(file: file, of: service.name) }
  }

  private mutating func add(file bytes: [UInt8], of service: String) {
    guard let file = try? IndexedFile(decoding: bytes) else {
      preconditionFailure("the descriptors of \(service) are damaged")
    }
    add(file, bytes)
  }

  /// Adds a file; one with a path that is there already changes nothing.
  mutating func add(_ file: IndexedFile, _ bytes: [UInt8]) {
    guard files[file.name] == nil else { return }
    files[file.name] = File(imports: file.dependency, bytes: bytes)
    var names = SymbolNames(path: file.name, scope: file.package)
    names.add(file)
    symbols.merge(names.symbols) { first, _ in first }
    for (message, number) in names.extensions {
      extensions[message, default: [:]][number] = file.name
    }
  }
}

/// The full names that one file declares.
private struct SymbolNames {
  private let path: String
  private var scope: String
  private(set) var symbols: [String: String] = [:]
  private(set) var extensions: [(message: String, number: Int32)] = []

  init(path: String, scope: String) {
    self.path = path
    self.scope = scope
  }

  mutating func add(_ file: IndexedFile) {
    for message in file.messageType { add(message) }
    for enumeration in file.enumType { add(enumeration) }
    for field in file.extension { addExtension(field) }
    for service in file.service {
      within(service.name) { names in
        for method in service.method { names.declare(method.name) }
      }
    }
  }

  private mutating func add(_ message: IndexedMessage) {
    within(message.name) { names in
      for field in message.field { names.declare(field.name) }
      for oneof in message.oneofDecl { names.declare(oneof.name) }
      for field in message.extension { names.addExtension(field) }
      for enumeration in message.enumType { names.add(enumeration) }
      for nested in message.nestedType { names.add(nested) }
    }
  }

  /// The values of an enum are names of the scope that the enum is in.
  private mutating func add(_ enumeration: IndexedEnum) {
    declare(enumeration.name)
    for value in enumeration.value { declare(value.name) }
  }

  private mutating func addExtension(_ field: IndexedField) {
    declare(field.name)
    extensions.append((String(field.extendee.drop { $0 == "." }), field.number))
  }

  private mutating func declare(_ name: String) {
    symbols[scope.isEmpty ? name : scope + "." + name] = path
  }

  private mutating func within(_ name: String, _ body: (inout SymbolNames) -> Void) {
    declare(name)
    let outer = scope
    scope = scope.isEmpty ? name : scope + "." + name
    body(&self)
    scope = outer
  }
}
