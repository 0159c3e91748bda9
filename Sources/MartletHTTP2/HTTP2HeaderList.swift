internal import CNGHTTP2

/// Header fields to send, in order.
///
/// Static names and values cost nothing to add; others are copied into one buffer. Names must be
/// lower-case. Reusable: `removeAll` keeps the memory.
// The pointers are those of StaticStrings, which live for ever.
package struct HTTP2HeaderList: @unchecked Sendable {
  /// Text that lives for ever, or a range of `bytes`.
  private struct Text {
    var pointer: UnsafePointer<UInt8>?
    var offset: Int
    var count: Int
  }

  private var fields: [(name: Text, value: Text)] = []
  private var bytes: [UInt8] = []

  package init() {}

  package var count: Int { fields.count }

  /// The list's size as RFC 9113, section 6.5.2, counts it: name, value and 32 for each field.
  package private(set) var listBytes = 0

  package mutating func append(_ name: StaticString, _ value: StaticString) {
    add(Self.text(name), Self.text(value))
  }

  package mutating func append(_ name: StaticString, _ value: String) {
    add(Self.text(name), copy(value.utf8))
  }

  package mutating func append(_ name: String, _ value: String) {
    add(copy(name.utf8), copy(value.utf8))
  }

  package mutating func append(_ name: String, bytes value: [UInt8]) {
    add(copy(name.utf8), copy(value))
  }

  private mutating func add(_ name: Text, _ value: Text) {
    fields.append((name, value))
    listBytes += name.count + value.count + 32
  }

  package mutating func removeAll() {
    fields.removeAll(keepingCapacity: true)
    listBytes = 0
    bytes.removeAll(keepingCapacity: true)
  }

  /// Hands `body` the list as nghttp2 takes it.
  ///
  /// nghttp2 copies what is not static.
  func withFields<R>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
    bytes.withUnsafeBufferPointer { copied in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { target in
        for (index, field) in fields.enumerated() {
          target.initializeElement(at: index, to: Self.field(field.name, field.value, copied))
        }
        return body(target.baseAddress, fields.count)
      }
    }
  }

  private static func field(
    _ name: Text,
    _ value: Text,
    _ copied: UnsafeBufferPointer<UInt8>
  ) -> nghttp2_nv {
    let keepsName = name.pointer == nil ? 0 : NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue
    let keepsValue = value.pointer == nil ? 0 : NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
    let namePointer = name.pointer ?? copied.baseAddress.map { $0 + name.offset }
    let valuePointer = value.pointer ?? copied.baseAddress.map { $0 + value.offset }
    return nghttp2_nv(
      name: UnsafeMutablePointer(mutating: namePointer),
      value: UnsafeMutablePointer(mutating: valuePointer),
      namelen: name.count,
      valuelen: value.count,
      flags: UInt8(truncatingIfNeeded: keepsName | keepsValue)
    )
  }

  private static func text(_ string: StaticString) -> Text {
    string.hasPointerRepresentation
      ? Text(pointer: string.utf8Start, offset: 0, count: string.utf8CodeUnitCount)
      : Text(pointer: nil, offset: 0, count: 0)
  }

  private mutating func copy(_ text: some Collection<UInt8>) -> Text {
    let offset = bytes.count
    bytes.append(contentsOf: text)
    return Text(pointer: nil, offset: offset, count: bytes.count - offset)
  }
}
