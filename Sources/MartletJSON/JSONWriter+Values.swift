// Values: null, booleans, numbers and enums.

extension JSONWriter {
  /// Writes null.
  public mutating func null() {
    reserve(0)
    store(UInt32(littleEndian: 0x6c6c_756e))
  }

  /// Writes a `bool`.
  public mutating func value(_ value: Bool) {
    reserve(0)
    if value {
      store(UInt32(littleEndian: 0x6575_7274))
    } else {
      store(UInt32(littleEndian: 0x736c_6166))
      byte("e")
    }
  }

  /// Writes an `int32`, `sint32` or `sfixed32`.
  public mutating func value(_ value: Int32) {
    reserve(0)
    decimal(Int64(value))
  }

  /// Writes a `uint32` or `fixed32`.
  public mutating func value(_ value: UInt32) {
    reserve(0)
    decimal(UInt64(value))
  }

  /// Writes an `int64`, `sint64` or `sfixed64`: a string, for not every reader has 64 bits.
  public mutating func value(_ value: Int64) { quoted(value) }

  /// Writes a `uint64` or `fixed64`: a string, for not every reader has 64 bits.
  public mutating func value(_ value: UInt64) { quoted(value) }

  /// Writes an integer between quotes.
  mutating func quoted(_ value: Int64) {
    reserve(0)
    byte("\"")
    decimal(value)
    byte("\"")
  }

  /// Writes an integer between quotes.
  mutating func quoted(_ value: UInt64) {
    reserve(0)
    byte("\"")
    decimal(value)
    byte("\"")
  }

  /// Writes a `float`: the shortest text that reads as the same number.
  public mutating func value(_ value: Float) {
    guard value.isFinite else { return notFinite(Double(value)) }
    if value == 0 { return zero(value.sign) }
    let scaled = (Double(value) * 1e4).rounded(.toNearestOrEven)
    if abs(scaled) < 1e6, Float(scaled / 1e4).bitPattern == value.bitPattern {
      fixedPoint(Int64(scaled), places: 4)
    } else {
      number(value.description)
    }
  }

  /// Writes a `double`: the shortest text that reads as the same number.
  public mutating func value(_ value: Double) {
    guard value.isFinite else { return notFinite(value) }
    if value == 0 { return zero(value.sign) }
    let scaled = (value * 1e7).rounded(.toNearestOrEven)
    if abs(scaled) < 1e15, (scaled / 1e7).bitPattern == value.bitPattern {
      fixedPoint(Int64(scaled), places: 7)
    } else {
      number(value.description)
    }
  }

  private mutating func zero(_ sign: FloatingPointSign) {
    reserve(0)
    // Many readers take "-0" for an integer, which has no sign.
    if sign == .minus { store(UInt32(littleEndian: 0x302e_302d)) } else { byte("0") }
  }

  private mutating func notFinite(_ value: Double) {
    self.value(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
  }

  /// Writes an enum's name, or its number when it has none.
  ///
  /// - Parameters:
  ///   - number: The value.
  ///   - names: The names of the enum.
  public mutating func value(_ number: Int32, named names: JSONEnumNames) {
    let table = unsafe names.contents
    if unsafe table.pointee.isNull { return null() }
    if !options.enumsAsNumbers, let name = unsafe table.pointee.name(of: number) {
      unsafe copyPadded(name.text, name.count)
    } else {
      value(number)
    }
  }
}
