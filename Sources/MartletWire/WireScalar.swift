/// How a scalar type of protobuf is encoded.
///
/// For generated code, where a Swift type alone does not say: `Int32` is `int32`, `sint32` or
/// `sfixed32`.
@frozen
public enum WireKind: UInt8, Sendable {
  case double, float, int64, uint64, int32, fixed64, fixed32, bool, string, bytes, uint32
  case sfixed32, sfixed64, sint32, sint64

  /// The wire type in a field's tag.
  @inlinable var wireType: UInt32 {
    switch self {
    case .double, .fixed64, .sfixed64: 1
    case .string, .bytes: 2
    case .float, .fixed32, .sfixed32: 5
    default: 0
    }
  }
}

/// A Swift type that a scalar type of protobuf becomes: what a map's values can be besides
/// messages and enums.
///
/// For the codec; no other type can conform, for `WireKind` has no case for it.
public protocol WireScalar: Sendable {
  /// The value of a field that is not set.
  static var wireDefault: Self { get }

  /// The bytes that depend on the value, beyond the kind's own maximum: of text and bytes.
  var variableSize: Int { get }

  /// Reads a value after its tag.
  static func read(_ kind: WireKind, from reader: inout WireReader) -> Self

  /// Writes a tag and the value.
  func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter)
}

extension WireScalar {
  /// Nothing depends on the value of a number.
  public var variableSize: Int { 0 }
}

extension Int32: WireScalar {
  /// Zero.
  public static var wireDefault: Int32 { 0 }

  /// Reads an `int32`, `sint32` or `sfixed32`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> Int32 {
    switch kind {
    case .sint32: reader.sint32()
    case .sfixed32: reader.sfixed32()
    default: reader.int32()
    }
  }

  /// Writes an `int32`, `sint32` or `sfixed32`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    switch kind {
    case .sint32: writer.sint32(self, tag: tag)
    case .sfixed32: writer.sfixed32(self, tag: tag)
    default: writer.int32(self, tag: tag)
    }
  }
}

extension Int64: WireScalar {
  /// Zero.
  public static var wireDefault: Int64 { 0 }

  /// Reads an `int64`, `sint64` or `sfixed64`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> Int64 {
    switch kind {
    case .sint64: reader.sint64()
    case .sfixed64: reader.sfixed64()
    default: reader.int64()
    }
  }

  /// Writes an `int64`, `sint64` or `sfixed64`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    switch kind {
    case .sint64: writer.sint64(self, tag: tag)
    case .sfixed64: writer.sfixed64(self, tag: tag)
    default: writer.int64(self, tag: tag)
    }
  }
}

extension UInt32: WireScalar {
  /// Zero.
  public static var wireDefault: UInt32 { 0 }

  /// Reads a `uint32` or `fixed32`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> UInt32 {
    kind == .fixed32 ? reader.fixed32() : reader.uint32()
  }

  /// Writes a `uint32` or `fixed32`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    if kind == .fixed32 { writer.fixed32(self, tag: tag) } else { writer.uint32(self, tag: tag) }
  }
}

extension UInt64: WireScalar {
  /// Zero.
  public static var wireDefault: UInt64 { 0 }

  /// Reads a `uint64` or `fixed64`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> UInt64 {
    kind == .fixed64 ? reader.fixed64() : reader.uint64()
  }

  /// Writes a `uint64` or `fixed64`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    if kind == .fixed64 { writer.fixed64(self, tag: tag) } else { writer.uint64(self, tag: tag) }
  }
}

extension Bool: WireScalar {
  /// False.
  public static var wireDefault: Bool { false }

  /// Reads a `bool`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> Bool {
    reader.bool()
  }

  /// Writes a `bool`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    writer.bool(self, tag: tag)
  }
}

extension Float: WireScalar {
  /// Zero.
  public static var wireDefault: Float { 0 }

  /// Reads a `float`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> Float {
    reader.float()
  }

  /// Writes a `float`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    writer.float(self, tag: tag)
  }
}

extension Double: WireScalar {
  /// Zero.
  public static var wireDefault: Double { 0 }

  /// Reads a `double`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> Double {
    reader.double()
  }

  /// Writes a `double`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    writer.double(self, tag: tag)
  }
}

extension String: WireScalar {
  /// Empty.
  public static var wireDefault: String { "" }

  /// The bytes of its UTF-8.
  public var variableSize: Int { utf8.count }

  /// Reads a `string`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> String {
    reader.string()
  }

  /// Writes a `string`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    writer.string(self, tag: tag)
  }
}

extension [UInt8]: WireScalar {
  /// Empty.
  public static var wireDefault: [UInt8] { [] }

  /// The bytes.
  public var variableSize: Int { count }

  /// Reads `bytes`.
  public static func read(_ kind: WireKind, from reader: inout WireReader) -> [UInt8] {
    reader.bytes()
  }

  /// Writes `bytes`.
  public func write(_ kind: WireKind, tag: UInt32, to writer: inout WireWriter) {
    writer.bytes(self, tag: tag)
  }
}
