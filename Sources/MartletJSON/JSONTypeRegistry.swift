import MartletWire

/// The message types that JSON finds by their name: those that an `Any` may hold.
public struct JSONTypeRegistry: Sendable {
  private var types: [String: any JSONMessage.Type] = [:]

  /// Makes a registry of the given types.
  ///
  /// - Parameter types: Message types; of two with one name the last one stays.
  public init(_ types: [any JSONMessage.Type] = []) {
    for type in types { register(type) }
  }

  /// Adds a type.
  ///
  /// - Parameter type: A message type; it replaces one of the same name.
  public mutating func register(_ type: any JSONMessage.Type) { types[type.protoName] = type }

  /// The type of a name.
  ///
  /// - Parameter name: A full name, `martlet.v1.Activity`.
  /// - Returns: The type, or nil.
  public func type(named name: String) -> (any JSONMessage.Type)? {
    // A peer's text may be one that takes long to hash.
    name.isUsable ? types[name] : nil
  }
}
