// One function per kind of field, for generated code: each writes the field's key and value, unless
// the field is not set.

extension JSONWriter {
  /// Writes an `int32`, `sint32` or `sfixed32`.
  public mutating func field(_ value: Int32, _ field: Int) {
    if value == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `uint32` or `fixed32`.
  public mutating func field(_ value: UInt32, _ field: Int) {
    if value == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes an `int64`, `sint64` or `sfixed64`.
  public mutating func field(_ value: Int64, _ field: Int) {
    if value == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `uint64` or `fixed64`.
  public mutating func field(_ value: UInt64, _ field: Int) {
    if value == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `float`; minus zero is not the default.
  public mutating func field(_ value: Float, _ field: Int) {
    if value.bitPattern == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `double`; minus zero is not the default.
  public mutating func field(_ value: Double, _ field: Int) {
    if value.bitPattern == 0 && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `bool`.
  public mutating func field(_ value: Bool, _ field: Int) {
    if !value && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes a `string`.
  public mutating func field(_ value: String, _ field: Int) {
    if value.isEmpty && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes `bytes`.
  public mutating func field(_ value: [UInt8], _ field: Int) {
    if value.isEmpty && !emitsDefaults { return }
    key(field)
    self.value(value)
  }

  /// Writes an enum.
  @inlinable
  @inline(__always)
  public mutating func field<Value: JSONEnum>(_ value: Value, _ field: Int) {
    self.field(value.rawValue, named: Value.jsonNames, field)
  }

  @usableFromInline
  mutating func field(_ number: Int32, named names: JSONEnumNames, _ field: Int) {
    if number == 0 && !emitsDefaults { return }
    key(field)
    value(number, named: names)
  }
}

// Fields with presence, and the cases of a oneof.

extension JSONWriter {
  /// Writes an `int32`, `sint32` or `sfixed32`.
  public mutating func present(_ value: Int32?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `uint32` or `fixed32`.
  public mutating func present(_ value: UInt32?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes an `int64`, `sint64` or `sfixed64`.
  public mutating func present(_ value: Int64?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `uint64` or `fixed64`.
  public mutating func present(_ value: UInt64?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `float`.
  public mutating func present(_ value: Float?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `double`.
  public mutating func present(_ value: Double?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `bool`.
  public mutating func present(_ value: Bool?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes a `string`.
  public mutating func present(_ value: String?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes `bytes`.
  public mutating func present(_ value: [UInt8]?, _ field: Int) {
    guard let value else { return }
    key(field)
    self.value(value)
  }

  /// Writes an enum.
  @inlinable
  @inline(__always)
  public mutating func present<Value: JSONEnum>(_ value: Value?, _ field: Int) {
    guard let value else { return }
    present(value.rawValue, named: Value.jsonNames, field)
  }

  @usableFromInline
  mutating func present(_ number: Int32, named names: JSONEnumNames, _ field: Int) {
    key(field)
    value(number, named: names)
  }

  /// Writes a message.
  @inlinable
  @inline(__always)
  public mutating func present<Value: JSONMessage>(_ value: Value?, _ field: Int) {
    guard let value else { return }
    key(field)
    nested(value)
  }
}
