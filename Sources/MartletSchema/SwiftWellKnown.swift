/// protobuf's own schema files that have Swift already: the module MartletWellKnown.
enum SwiftWellKnown {
  static let module = "MartletWellKnown"
  /// Before the names of their types: `Any`, `Duration` and `Type` are Swift's own.
  static let typePrefix = "Proto"

  /// By import path.
  ///
  /// descriptor.proto is not among them: proto2 has no Swift.
  private static let paths: Set<String> = Set(
    [
      "any", "api", "duration", "empty", "field_mask", "source_context", "struct", "timestamp",
      "type", "wrappers",
    ].map { "google/protobuf/\($0).proto" }
  )

  static func contains(_ file: FileDescriptor) -> Bool {
    file.package == "google.protobuf" && paths.contains(file.name)
  }
}

extension SwiftGenerator {
  /// Whether the Swift of a file names types of MartletWellKnown.
  ///
  /// Asked of what is used, not of what is imported: a type may come through a public import, and
  /// Swift warns of imports that nothing needs.
  func usesWellKnownTypes(_ file: FileDescriptor) -> Bool {
    guard !SwiftWellKnown.contains(file) else { return false }
    return namedTypes(in: file).contains { name in
      schema.file(declaring: name).map(SwiftWellKnown.contains) ?? false
    }
  }

  /// Full names of the messages and enums that fields and, where they are generated, methods name.
  private func namedTypes(in file: FileDescriptor) -> Set<String> {
    var names: Set<String> = []
    var waiting = file.messages
    while let message = waiting.popLast() {
      names.formUnion(message.fields.map(\.typeName))
      waiting += message.messages
    }
    if options.services {
      for method in file.services.flatMap(\.methods) {
        names.formUnion([method.inputType, method.outputType])
      }
    }
    return names
  }
}
