/// Linked files with look-up by full name.
package struct SchemaSet: Sendable {
  /// Every file, imported ones before those that import them.
  package private(set) var files: [FileDescriptor] = []

  private var fileIndices: [String: Int] = [:]
  private var messages: [String: MessageDescriptor] = [:]
  private var enums: [String: EnumDescriptor] = [:]
  private var services: [String: ServiceDescriptor] = [:]
  /// From the full name of a message, enum or service to the index of its file.
  private var declaringFiles: [String: Int] = [:]

  package init() {}

  /// Adds a linked file; full names must be unique over the set, which the linker has checked.
  package mutating func add(_ file: FileDescriptor) {
    let index = files.count
    files.append(file)
    fileIndices[file.name] = index
    for message in file.messages { add(message, file: index) }
    for enumeration in file.enums { add(enumeration, file: index) }
    for service in file.services {
      services[service.fullName] = service
      declaringFiles[service.fullName] = index
    }
  }

  private mutating func add(_ message: MessageDescriptor, file: Int) {
    messages[message.fullName] = message
    declaringFiles[message.fullName] = file
    for nested in message.messages { add(nested, file: file) }
    for enumeration in message.enums { add(enumeration, file: file) }
  }

  private mutating func add(_ enumeration: EnumDescriptor, file: Int) {
    enums[enumeration.fullName] = enumeration
    declaringFiles[enumeration.fullName] = file
  }

  /// The file that others import by this path.
  package func file(named name: String) -> FileDescriptor? {
    fileIndices[name].map { files[$0] }
  }

  package func message(named fullName: String) -> MessageDescriptor? { messages[fullName] }

  package func enumeration(named fullName: String) -> EnumDescriptor? { enums[fullName] }

  package func service(named fullName: String) -> ServiceDescriptor? { services[fullName] }

  /// The file that declares a message, enum or service.
  package func file(declaring fullName: String) -> FileDescriptor? {
    declaringFiles[fullName].map { files[$0] }
  }

  /// The key and value of a map field; nil for any other field.
  package func mapEntry(
    of field: FieldDescriptor
  ) -> (key: FieldDescriptor, value: FieldDescriptor)? {
    guard field.isRepeated, field.type == .message, let entry = messages[field.typeName],
      entry.isMapEntry, entry.fields.count == 2
    else { return nil }
    return (entry.fields[0], entry.fields[1])
  }
}
