/// A type that protobuf allows as a map's key.
public protocol MapKey: Hashable, WireScalar {
  /// Whether a key comes before another in deterministic output.
  ///
  /// - Parameters:
  ///   - first: A key.
  ///   - second: Another.
  /// - Returns: Numbers by value, `false` before `true`, text by its bytes.
  static func precedes(_ first: Self, _ second: Self) -> Bool

  /// Whether the key can be hashed in time in proportion to its length; only text may be such that
  /// it cannot.
  var isUsable: Bool { get }

  /// Keys in order.
  ///
  /// - Parameter keys: In any order.
  /// - Returns: The same, each before those that it precedes.
  static func sorted(_ keys: [Self]) -> [Self]
}

extension MapKey {
  /// True for all but text.
  @inlinable public var isUsable: Bool { true }

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

  /// Whether no more than `DecodingLimits.maximumMarks` combining marks follow each other.
  public var isUsable: Bool { utf8.count <= DecodingLimits.maximumMarks || hasFewMarks }

  private var hasFewMarks: Bool {
    var marks = 0
    for scalar in unicodeScalars {
      marks = scalar.isMark ? marks + 1 : 0
      if marks > DecodingLimits.maximumMarks { return false }
    }
    return true
  }
}

extension Unicode.Scalar {
  /// Whether it is of those among which Swift may have to sort; below U+0300 there are none.
  fileprivate var isMark: Bool {
    guard value >= 0x300 else { return false }
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: return true
    default: return false
    }
  }
}
