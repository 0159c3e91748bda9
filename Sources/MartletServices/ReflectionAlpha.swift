internal import MartletRPC
internal import MartletWire

// Version 1alpha of reflection, which older clients speak, is version 1 in another package: the same
// messages on the wire.

enum ReflectionAlpha {
  static let package = "grpc.reflection.v1alpha"
  static let serviceName = package + ".ServerReflection"
  private static let path = "grpc/reflection/v1alpha/reflection.proto"
  private static let original = "grpc.reflection.v1"

  /// The schema file of version 1alpha, made of version 1's.
  static func file(from original: IndexedFile) -> IndexedFile {
    var file = original
    file.name = path
    file.package = package
    for message in file.messageType.indices { rename(&file.messageType[message]) }
    for service in file.service.indices {
      for method in file.service[service].method.indices {
        rename(&file.service[service].method[method].inputType)
        rename(&file.service[service].method[method].outputType)
      }
    }
    return file
  }

  private static func rename(_ message: inout IndexedMessage) {
    for field in message.field.indices { rename(&message.field[field].typeName) }
    for nested in message.nestedType.indices { rename(&message.nestedType[nested]) }
  }

  /// `.grpc.reflection.v1.X` becomes `.grpc.reflection.v1alpha.X`; other names stay.
  private static func rename(_ typeName: inout String) {
    let prefix = "." + original + "."
    if typeName.hasPrefix(prefix) {
      typeName = "." + package + "." + typeName.dropFirst(prefix.count)
    }
  }
}
