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
