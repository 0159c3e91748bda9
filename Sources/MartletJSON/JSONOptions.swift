/// How JSON is written where the mapping leaves it open.
public struct JSONEncodingOptions: Sendable {
  /// Whether fields without presence are written even when they hold their default, lists and maps
  /// even when they are empty; false unless told otherwise.
  public var emitsDefaults = false
  /// Whether enums are written as numbers; as names unless told otherwise.
  public var enumsAsNumbers = false
  /// Whether fields have the names of the schema; their JSON names unless told otherwise.
  public var usesOriginalNames = false
  /// Whether equal messages give equal text: maps are then sorted by key.
  public var isDeterministic = false
  /// Whether the text is laid out for people, indented by two spaces.
  public var isIndented = false
  /// How deep messages may nest below the outermost one; 100 unless told otherwise.
  public var maximumDepth = 100
  /// The types that an `Any` may hold.
  public var registry = JSONTypeRegistry()

  /// Makes the options that produce compact canonical JSON.
  public init() {}
}

/// Which JSON is accepted.
public struct JSONDecodingOptions: Sendable {
  /// Whether fields and enum values that the schema does not name are passed over; they are errors
  /// unless told otherwise.
  public var ignoresUnknownFields = false
  /// How deep objects, and lists where anything may stand, nest below the outermost one; 100 unless
  /// told otherwise, as in protobuf.
  public var maximumDepth = 100
  /// The longest text accepted, bytes; 64 MiB unless told otherwise.
  public var maximumBytes = 64 << 20
  /// How much memory the messages in lists and the entries of maps may take, bytes, what they
  /// point to not counted; 1 GiB unless told otherwise, as in `DecodingLimits`.
  public var maximumElementBytes = 1 << 30
  /// The types that an `Any` may hold.
  public var registry = JSONTypeRegistry()

  /// Makes the options that accept canonical JSON and nothing unknown.
  public init() {}
}
