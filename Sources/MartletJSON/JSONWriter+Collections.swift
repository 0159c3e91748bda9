import MartletWire

// Lists and maps, for generated code. Those of scalars are written here, those of enums and messages
// where they are used.

extension JSONWriter {
  /// Writes a list.
  @inlinable
  @inline(__always)
  public mutating func list<Value: JSONFieldValue>(_ list: [Value], _ field: Int) {
    guard beginList(isEmpty: list.isEmpty, field) else { return }
    // Elements are read where they lie: a loop over the array would copy each.
    unsafe list.withUnsafeBufferPointer { values in
      guard var value = values.baseAddress else { return }
      for _ in 0..<values.count {
        element()
        unsafe value.pointee.writeJSONValue(to: &self)
        unsafe value += 1
      }
    }
    endArray()
  }

  /// Writes a list of messages.
  @inlinable
  public mutating func list<Value: JSONMessage>(_ list: [Value], _ field: Int) {
    guard beginList(isEmpty: list.isEmpty, field) else { return }
    unsafe list.withUnsafeBufferPointer { values in
      guard var value = values.baseAddress else { return }
      for _ in 0..<values.count {
        element()
        unsafe nested(value.pointee)
        unsafe value += 1
      }
    }
    endArray()
  }

  /// Begins a list, unless it is empty and not to be written.
  @usableFromInline
  mutating func beginList(isEmpty: Bool, _ field: Int) -> Bool {
    if isEmpty && !emitsDefaults { return false }
    key(field)
    beginArray()
    return true
  }

  /// Writes a map, sorted by key where the output is to be deterministic.
  @inlinable
  public mutating func map<Key: JSONMapKey, Value: JSONFieldValue>(
    _ map: [Key: Value],
    _ field: Int
  ) {
    guard beginMap(isEmpty: map.isEmpty, field) else { return }
    if isDeterministic {
      for key in JSONWriter.sorted(Array(map.keys)) {
        if let value = map[key] { entry(key, value) }
      }
    } else {
      for (key, value) in map { entry(key, value) }
    }
    endObject()
  }

  /// Sorts keys; not inlinable, or each map would have a copy of the sorting.
  @usableFromInline
  static func sorted<Key: JSONMapKey>(_ keys: [Key]) -> [Key] { keys.sorted(by: Key.precedes) }

  @usableFromInline var isDeterministic: Bool { options.isDeterministic }

  @inlinable
  mutating func entry<Key: JSONMapKey, Value: JSONFieldValue>(_ key: Key, _ value: Value) {
    nextMember()
    key.writeJSONKey(to: &self)
    colon()
    value.writeJSONValue(to: &self)
  }

  /// Begins a map, unless it is empty and not to be written.
  @usableFromInline
  mutating func beginMap(isEmpty: Bool, _ field: Int) -> Bool {
    if isEmpty && !emitsDefaults { return false }
    key(field)
    beginObject()
    return true
  }
}

// The commonest map has code that is shared.

extension JSONWriter {
  /// Writes a map of strings, sorted by key where the output is to be deterministic.
  public mutating func map(_ map: [String: String], _ field: Int) {
    guard beginMap(isEmpty: map.isEmpty, field) else { return }
    if isDeterministic {
      for key in JSONWriter.sorted(Array(map.keys)) { entry(key, map[key] ?? "") }
    } else {
      for (key, value) in map { entry(key, value) }
    }
    endObject()
  }
}

// Lists of scalars, shared too.

extension JSONWriter {
  /// Writes a list of `string`.
  public mutating func list(_ list: [String], _ field: Int) { scalars(list, field) }
  /// Writes a list of `bytes`.
  public mutating func list(_ list: [[UInt8]], _ field: Int) { scalars(list, field) }
  /// Writes a list of `int32`, `sint32` or `sfixed32`.
  public mutating func list(_ list: [Int32], _ field: Int) { scalars(list, field) }
  /// Writes a list of `int64`, `sint64` or `sfixed64`.
  public mutating func list(_ list: [Int64], _ field: Int) { scalars(list, field) }
  /// Writes a list of `uint32` or `fixed32`.
  public mutating func list(_ list: [UInt32], _ field: Int) { scalars(list, field) }
  /// Writes a list of `uint64` or `fixed64`.
  public mutating func list(_ list: [UInt64], _ field: Int) { scalars(list, field) }
  /// Writes a list of `float`.
  public mutating func list(_ list: [Float], _ field: Int) { scalars(list, field) }
  /// Writes a list of `double`.
  public mutating func list(_ list: [Double], _ field: Int) { scalars(list, field) }
  /// Writes a list of `bool`.
  public mutating func list(_ list: [Bool], _ field: Int) { scalars(list, field) }

  @inline(__always)
  private mutating func scalars<Value: JSONFieldValue>(_ list: [Value], _ field: Int) {
    guard beginList(isEmpty: list.isEmpty, field) else { return }
    for value in list {
      element()
      value.writeJSONValue(to: &self)
    }
    endArray()
  }
}
