/// A `UniqueID` that says what it is the id of, so that a user's cannot pass for an activity's.
package protocol EntityID: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The UUID.
  var unique: UniqueID { get }
  /// Wraps a UUID.
  init(_ unique: UniqueID)
}

extension EntityID {
  /// Reads lower-case text in the 8-4-4-4-12 form; fails for anything else and the nil UUID.
  package init?(_ text: some StringProtocol) {
    guard let unique = UniqueID(text) else { return nil }
    self.init(unique)
  }

  /// Fails unless there are exactly 16 bytes and one of them is not zero.
  package init?(bytes: some Collection<UInt8>) {
    guard let unique = UniqueID(bytes: bytes) else { return nil }
    self.init(unique)
  }

  /// Makes a new id (UUID version 7) of the given time and randomness.
  package static func make(
    timeMs: Int64,
    using generator: inout some RandomNumberGenerator
  ) -> Self {
    Self(UniqueID.version7(timeMs: timeMs, using: &generator))
  }

  /// The 16 bytes.
  package var bytes: [UInt8] { unique.bytes }

  /// Lower-case text, as the schema has it.
  package var text: String { unique.text }

  /// The same as `text`.
  package var description: String { text }

  /// Orders as bytes and texts do; for version 7, by time.
  package static func < (left: Self, right: Self) -> Bool { left.unique < right.unique }
}

/// The id of an activity, made on the device that started it.
package struct ActivityID: EntityID {
  /// The UUID.
  package let unique: UniqueID
  /// Wraps a UUID.
  package init(_ unique: UniqueID) { self.unique = unique }
}

/// The id of a person's account.
package struct UserID: EntityID {
  /// The UUID.
  package let unique: UniqueID
  /// Wraps a UUID.
  package init(_ unique: UniqueID) { self.unique = unique }
}

/// The id of a device; each device counts its own sequences.
package struct DeviceID: EntityID {
  /// The UUID.
  package let unique: UniqueID
  /// Wraps a UUID.
  package init(_ unique: UniqueID) { self.unique = unique }
}
