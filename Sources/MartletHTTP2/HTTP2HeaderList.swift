/// Header fields to send, in order.
///
/// Static names and values cost nothing to add; others are copied into one buffer. Names must be
/// lower-case. Reusable: `removeAll` keeps the memory.
package struct HTTP2HeaderList: Sendable {
  package init() {}
  package var count: Int { fatalError("coming") }
  package mutating func append(_ name: StaticString, _ value: StaticString) {}
  package mutating func append(_ name: StaticString, _ value: String) {}
  package mutating func append(_ name: String, _ value: String) {}
  package mutating func append(_ name: String, bytes value: [UInt8]) {}
  package mutating func removeAll() {}
}
