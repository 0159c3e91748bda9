/// A value kept behind a reference: what lets a message contain itself.
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
}

extension Indirect: Sendable where Value: Sendable {}
extension Indirect: Equatable where Value: Equatable {}
extension Indirect: Hashable where Value: Hashable {}
