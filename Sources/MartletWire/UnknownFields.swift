/// The fields of a message that its schema does not name, verbatim.
///
/// They are written again after the known fields, so a program with an older schema passes on
/// what it does not understand.
@frozen
public struct UnknownFields: Hashable, Sendable {
  /// Nil when there are none: an empty field costs a message eight zero bytes.
  @usableFromInline var storage: [UInt8]?

  /// Makes the empty set.
  @inlinable
  public init() { storage = nil }

  /// Whether there are none.
  @inlinable public var isEmpty: Bool { storage == nil }

  /// Tags and values as they came, in order.
  @inlinable public var bytes: [UInt8] { storage ?? [] }
}

extension UnknownFields {
  /// How many bytes they are.
  @inlinable public var count: Int {
    @inline(__always) get { storage?.count ?? 0 }
  }

  /// Adds a field, tag included, that is known to be well formed.
  @usableFromInline
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if storage == nil {
      unsafe storage = [UInt8](bytes)
    } else {
      unsafe storage?.append(contentsOf: bytes)
    }
  }
}
