// JSON's values as messages: written as Swift literals, read by kind.

extension ProtoValue {
  /// Makes JSON's `null`.
  public static var null: ProtoValue { ProtoValue(.nullValue(.nullValue)) }

  /// Makes a value of a kind.
  public init(_ kind: Kind) {
    self.init()
    self.kind = kind
  }

  /// Makes a number; JSON has none for NaN and the infinities.
  public init(_ number: Double) { self.init(.numberValue(number)) }

  /// Makes a string.
  public init(_ string: String) { self.init(.stringValue(string)) }

  /// Makes `true` or `false`.
  public init(_ bool: Bool) { self.init(.boolValue(bool)) }

  /// Makes a list.
  public init(_ values: [ProtoValue]) { self.init(.listValue(ProtoListValue(values))) }

  /// Makes an object.
  public init(_ fields: [String: ProtoValue]) { self.init(.structValue(ProtoStruct(fields))) }

  /// Whether it is JSON's `null`; a value of no kind at all is not.
  public var isNull: Bool {
    if case .nullValue = kind { true } else { false }
  }

  /// The number, nil for other kinds.
  public var number: Double? {
    if case .numberValue(let number) = kind { number } else { nil }
  }

  /// The string, nil for other kinds.
  public var string: String? {
    if case .stringValue(let string) = kind { string } else { nil }
  }

  /// `true` or `false`, nil for other kinds.
  public var bool: Bool? {
    if case .boolValue(let bool) = kind { bool } else { nil }
  }

  /// The elements of a list, nil for other kinds.
  public var list: [ProtoValue]? {
    if case .listValue(let list) = kind { list.values } else { nil }
  }

  /// The fields of an object, nil for other kinds.
  public var object: [String: ProtoValue]? {
    if case .structValue(let object) = kind { object.fields } else { nil }
  }
}

extension ProtoValue: ExpressibleByNilLiteral {
  /// Makes JSON's `null`.
  public init(nilLiteral: ()) { self = .null }
}

extension ProtoValue: ExpressibleByBooleanLiteral {
  /// Makes `true` or `false`.
  public init(booleanLiteral value: Bool) { self.init(value) }
}

extension ProtoValue: ExpressibleByIntegerLiteral {
  /// Makes a number.
  public init(integerLiteral value: Int64) { self.init(Double(value)) }
}

extension ProtoValue: ExpressibleByFloatLiteral {
  /// Makes a number.
  public init(floatLiteral value: Double) { self.init(value) }
}

extension ProtoValue: ExpressibleByStringLiteral {
  /// Makes a string.
  public init(stringLiteral value: String) { self.init(value) }
}

extension ProtoValue: ExpressibleByArrayLiteral {
  /// Makes a list.
  public init(arrayLiteral elements: ProtoValue...) { self.init(elements) }
}

extension ProtoValue: ExpressibleByDictionaryLiteral {
  /// Makes an object; the last of the fields of one name counts.
  public init(dictionaryLiteral elements: (String, ProtoValue)...) {
    self.init(Dictionary(elements) { _, last in last })
  }
}

extension ProtoStruct: ExpressibleByDictionaryLiteral {
  /// Makes an object of its fields.
  public init(_ fields: [String: ProtoValue]) {
    self.init()
    self.fields = fields
  }

  /// Makes an object; the last of the fields of one name counts.
  public init(dictionaryLiteral elements: (String, ProtoValue)...) {
    self.init(Dictionary(elements) { _, last in last })
  }

  /// The field of a name.
  public subscript(name: String) -> ProtoValue? {
    get { fields[name] }
    set { fields[name] = newValue }
  }
}

extension ProtoListValue: ExpressibleByArrayLiteral {
  /// Makes a list of its elements.
  public init(_ values: [ProtoValue]) {
    self.init()
    self.values = values
  }

  /// Makes a list.
  public init(arrayLiteral elements: ProtoValue...) { self.init(elements) }
}
