/// A value kept behind a reference: what lets a message contain itself, and spares large ones from
/// being copied field by field with the message around them.
///
/// For generated code; the properties it stands behind are plain values.
@frozen
public indirect enum Indirect<Value> {
  /// The value.
  case value(Value)

  /// Puts a value behind a reference.
  ///
  /// - Parameter value: What to keep.
  @inlinable
  public init(_ value: Value) { self = .value(value) }

  /// The value behind the reference.
  @inlinable public var value: Value {
    switch self {
    case .value(let value): value
    }
  }

  /// Empties a property and returns what it held, no longer shared with it.
  ///
  /// - Parameter field: The property.
  /// - Returns: The value; nil when there was none.
  @inlinable
  public static func take(_ field: inout Indirect?) -> Value? {
    defer { field = nil }
    return field?.value
  }
}

extension Indirect: Sendable where Value: Sendable {}
extension Indirect: Equatable where Value: Equatable {}
extension Indirect: Hashable where Value: Hashable {}

extension Indirect: CustomStringConvertible {
  /// The value's own text: the reference is nobody's business.
  public var description: String { "\(value)" }
}
