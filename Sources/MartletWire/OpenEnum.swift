/// An enum of a proto3 schema: a named number, or one that only a newer schema names.
///
/// The compiler makes the conforming types, with a static member for each name.
public protocol OpenEnum: RawRepresentable, Hashable, Sendable, CustomStringConvertible
where RawValue == Int32 {
  /// Makes the value of a number, named or not.
  ///
  /// - Parameter rawValue: The number on the wire.
  init(rawValue: Int32)

  /// The full name in the schema, `martlet.v1.ActivityType`.
  static var protoName: String { get }

  /// Every name of the schema, in its order, aliases left out.
  static var allNamed: [Self] { get }
}
