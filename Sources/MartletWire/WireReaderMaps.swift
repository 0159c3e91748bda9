// Maps: lists of entries, which are messages of a key and a value.
//
// What is generic here is compiled for each pair of types where it is used; the commonest pairs have
// code of their own.

extension WireReader {
  /// Reads a run of a map's entries: the last value of a key wins.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: WireScalar>(
    into map: inout [Key: Value],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from text to text.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [String: String],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from text to a number.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [String: Int32],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from text to a number.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [String: Int64],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from text to a number.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [String: Double],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from a number to text.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [Int32: String],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map from a number to text.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - value: How values are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  public mutating func map(
    into map: inout [Int64: String],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readValues(into: &map, key, value, unknown: &fields)
  }

  /// Reads a run of the entries of a map to an enum.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: OpenEnum>(
    into map: inout [Key: Value],
    _ key: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readEntries(
      into: &map,
      key: key,
      initial: Value(rawValue: 0),
      valueTag: 16,
      unknown: &fields
    ) {
      $1 = Value(rawValue: $0.int32())
    }
  }

  /// Reads a run of the entries of a map to messages.
  ///
  /// - Parameters:
  ///   - map: The map.
  ///   - key: How keys are encoded.
  ///   - fields: Where an entry goes that holds more than a key and a value.
  @inlinable
  @inline(never)
  public mutating func map<Key: MapKey, Value: Message>(
    into map: inout [Key: Value],
    _ key: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readEntries(into: &map, key: key, initial: Value(), valueTag: 18, unknown: &fields) {
      $0.message(merging: &$1)
    }
  }

  @inlinable
  @inline(__always)
  mutating func readValues<Key: MapKey, Value: WireScalar>(
    into map: inout [Key: Value],
    _ key: WireKind,
    _ value: WireKind,
    unknown fields: inout UnknownFields
  ) {
    readEntries(
      into: &map,
      key: key,
      initial: Value.wireDefault,
      valueTag: 16 | value.wireType,
      unknown: &fields
    ) {
      $1 = Value.read(value, from: &$0)
    }
  }

  @inlinable
  @inline(__always)
  mutating func readEntries<Key: MapKey, Value>(
    into map: inout [Key: Value],
    key kind: WireKind,
    initial: Value,
    valueTag: UInt32,
    unknown fields: inout UnknownFields,
    _ readValue: (inout WireReader, inout Value) -> Void
  ) {
    let count = countRun()
    let stride = MemoryLayout<Key>.stride + MemoryLayout<Value>.stride
    guard takeElements(count, of: stride) else { return }
    if count > 1 { map.reserveCapacity(map.count + count) }
    for index in 0..<count {
      let start = unsafe index == 0 ? tagStart : position
      if index > 0 { skipTag() }
      let outer = unsafe open()
      var key = Key.wireDefault
      var value = initial
      let isKnown = readEntry(&key, &value, kind: kind, valueTag: valueTag, readValue)
      unsafe close(outer)
      if failure != nil { return }
      if isKnown {
        map[key] = value
      } else {
        // Like upb, the map goes without the entry, for it could not be written whole.
        unsafe fields.append(UnsafeRawBufferPointer(start: start, count: position - start))
      }
    }
  }

  /// Reads one entry to its end; false when it holds more than a key and a value.
  @inlinable
  @inline(__always)
  mutating func readEntry<Key: MapKey, Value>(
    _ key: inout Key,
    _ value: inout Value,
    kind: WireKind,
    valueTag: UInt32,
    _ readValue: (inout WireReader, inout Value) -> Void
  ) -> Bool {
    let keyTag = 8 | kind.wireType
    var isKnown = true
    while true {
      let tag = nextTag()
      if tag == keyTag {
        key = Key.read(kind, from: &self)
        if !key.isUsable { fail(.tooManyMarks) }
      } else if tag == valueTag {
        readValue(&self, &value)
      } else if tag == 0 {
        return isKnown
      } else {
        isKnown = false
        skipField(tag)
      }
    }
  }
}
