/// What decoding refuses, in one place.
///
/// Memory is only ever taken for bytes that are there: a length is compared with the bytes left
/// before anything is allocated.
@frozen
public struct DecodingLimits: Hashable, Sendable {
  /// The longest message accepted, bytes; 64 MiB unless told otherwise; protobuf's own is 2 GiB.
  public var maximumBytes: Int
  /// How deep messages and groups may nest below the outermost one; 100 unless told otherwise,
  /// as in protobuf.
  public var maximumDepth: Int
  /// How much memory the messages in lists and the entries of maps may take, bytes, what they
  /// point to not counted; 1 GiB unless told otherwise.
  ///
  /// An empty message in a list is two bytes on the wire and a whole struct in memory, so
  /// `maximumBytes` alone does not bound the memory that hostile bytes take.
  public var maximumElementBytes: Int

  /// How many combining marks may follow each other in a map's key; Unicode's stream-safe text has
  /// up to 30 (UAX #15, section 13).
  ///
  /// Swift sorts them, in quadratic time, whenever it hashes or compares the text.
  public static let maximumMarks = 128

  /// What `init(decoding:)` uses unless told otherwise.
  public static let `default` = DecodingLimits()

  /// Makes limits that differ from the default ones where an argument is given.
  ///
  /// - Parameters:
  ///   - maximumBytes: The longest message accepted, bytes.
  ///   - maximumDepth: How deep messages and groups may nest below the outermost one.
  ///   - maximumElementBytes: How much memory the messages in lists and maps may take, bytes.
  @inlinable
  public init(
    maximumBytes: Int = 64 << 20,
    maximumDepth: Int = 100,
    maximumElementBytes: Int = 1 << 30
  ) {
    self.maximumBytes = maximumBytes
    self.maximumDepth = maximumDepth
    self.maximumElementBytes = maximumElementBytes
  }
}
