/// A type that protobuf allows as a map's key.
public protocol MapKey: Hashable, WireScalar {
  /// Whether a key comes before another in deterministic output.
  ///
  /// - Parameters:
  ///   - first: A key.
  ///   - second: Another.
  /// - Returns: Numbers by value, `false` before `true`, text by its bytes.
  static func precedes(_ first: Self, _ second: Self) -> Bool

  /// Keys in order.
  ///
  /// - Parameter keys: In any order.
  /// - Returns: The same, each before those that it precedes.
  static func sorted(_ keys: [Self]) -> [Self]
}

extension MapKey {
  /// Keys in order; compiled once for each type, here.
  public static func sorted(_ keys: [Self]) -> [Self] { keys.sorted(by: precedes) }
}

extension MapKey where Self: Comparable {
  /// Numbers in order of their value.
  @inlinable
  public static func precedes(_ first: Self, _ second: Self) -> Bool { first < second }
}

extension Int32: MapKey {}
extension Int64: MapKey {}
extension UInt32: MapKey {}
extension UInt64: MapKey {}

extension Bool: MapKey {
  /// `false` before `true`.
  @inlinable
  public static func precedes(_ first: Bool, _ second: Bool) -> Bool { !first && second }
}

extension String: MapKey {
  /// Text in order of its UTF-8 bytes, as other protobuf libraries have it.
  public static func precedes(_ first: String, _ second: String) -> Bool {
    first.utf8.lexicographicallyPrecedes(second.utf8)
  }
}
