public import MartletWire

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
      for (key, value) in map.sorted(by: { Key.precedes($0.key, $1.key) }) { entry(key, value) }
    } else {
      for (key, value) in map { entry(key, value) }
    }
    endObject()
  }

  @usableFromInline var isDeterministic: Bool { options.isDeterministic }

  @inlinable
  @inline(__always)
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
