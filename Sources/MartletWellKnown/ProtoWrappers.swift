// A single value in a message, as schemas had it before `optional`: a wrapper that is there and
// holds 0 differs from one that is not there. Literals make them: `limit = 5`.

extension ProtoDoubleValue: ExpressibleByFloatLiteral {
  /// Wraps a value.
  public init(_ value: Double) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(floatLiteral value: Double) { self.init(value) }
}

extension ProtoFloatValue: ExpressibleByFloatLiteral {
  /// Wraps a value.
  public init(_ value: Float) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(floatLiteral value: Float) { self.init(value) }
}

extension ProtoInt64Value: ExpressibleByIntegerLiteral {
  /// Wraps a value.
  public init(_ value: Int64) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(integerLiteral value: Int64) { self.init(value) }
}

extension ProtoUInt64Value: ExpressibleByIntegerLiteral {
  /// Wraps a value.
  public init(_ value: UInt64) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(integerLiteral value: UInt64) { self.init(value) }
}

extension ProtoInt32Value: ExpressibleByIntegerLiteral {
  /// Wraps a value.
  public init(_ value: Int32) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(integerLiteral value: Int32) { self.init(value) }
}

extension ProtoUInt32Value: ExpressibleByIntegerLiteral {
  /// Wraps a value.
  public init(_ value: UInt32) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(integerLiteral value: UInt32) { self.init(value) }
}

extension ProtoBoolValue: ExpressibleByBooleanLiteral {
  /// Wraps a value.
  public init(_ value: Bool) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(booleanLiteral value: Bool) { self.init(value) }
}

extension ProtoStringValue: ExpressibleByStringLiteral {
  /// Wraps a value.
  public init(_ value: String) {
    self.init()
    self.value = value
  }

  /// Wraps a literal.
  public init(stringLiteral value: String) { self.init(value) }
}

extension ProtoBytesValue: ExpressibleByArrayLiteral {
  /// Wraps a value.
  public init(_ value: [UInt8]) {
    self.init()
    self.value = value
  }

  /// Wraps bytes.
  public init(arrayLiteral elements: UInt8...) { self.init(elements) }
}
