// Maps: lists of entries, which are messages of a key and a value.

extension WireWriter {
  /// Writes the entries of a map, sorted by key where the output is to be deterministic.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - tag: Of the map's field.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: WireScalar>(
    _ map: [Key: Value],
    _ key: WireKind,
    _ value: WireKind,
    tag: UInt32
  ) {
    entries(map, key: key, tag: tag) {
      $1.write(value, tag: 16 | value.wireType, to: &$0)
    }
  }

  /// Writes the entries of a map from text to text.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - tag: Of the map's field.
  public mutating func map(
    _ map: [String: String],
    _ key: WireKind,
    _ value: WireKind,
    tag: UInt32
  ) {
    entries(map, key: key, tag: tag) { $0.string($1, tag: 18) }
  }

  /// Writes the entries of a map to an enum.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - key: How keys are encoded.
  ///   - tag: Of the map's field.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: OpenEnum>(
    _ map: [Key: Value],
    _ key: WireKind,
    tag: UInt32
  ) {
    entries(map, key: key, tag: tag) { $0.int32($1.rawValue, tag: 16) }
  }

  /// Writes the entries of a map to messages.
  ///
  /// - Parameters:
  ///   - map: The entries.
  ///   - key: How keys are encoded.
  ///   - tag: Of the map's field.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: Message>(
    _ map: [Key: Value],
    _ key: WireKind,
    tag: UInt32
  ) {
    entries(map, key: key, tag: tag) { $0.message($1, tag: 18) }
  }

  @inlinable
  @inline(__always)
  mutating func entries<Key: MapKey, Value>(
    _ map: [Key: Value],
    key kind: WireKind,
    tag: UInt32,
    _ writeValue: (inout WireWriter, Value) -> Void
  ) {
    if isDeterministic && map.count > 1 {
      for key in Key.sorted(Array(map.keys)) {
        guard let value = map[key] else { continue }
        entry(key, value, kind: kind, tag: tag, writeValue)
      }
    } else {
      for (key, value) in map { entry(key, value, kind: kind, tag: tag, writeValue) }
    }
  }

  @inlinable
  @inline(__always)
  mutating func entry<Key: MapKey, Value>(
    _ key: Key,
    _ value: Value,
    kind: WireKind,
    tag: UInt32,
    _ writeValue: (inout WireWriter, Value) -> Void
  ) {
    write(tag: tag)
    let start = unsafe position + 1
    unsafe position = start
    key.write(kind, tag: 8 | kind.wireType, to: &self)
    writeValue(&self, value)
    unsafe closeLength(start, reserved: 1)
  }
}
