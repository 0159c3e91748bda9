import MartletWire
import Testing
import WireTestSchema

@Suite("Limits")
struct LimitsTests {
  /// A chain of `depth` nested trees.
  private func chain(_ depth: Int) -> [UInt8] {
    var tree = Tree()
    for _ in 0..<depth { tree = .with { $0.left = tree } }
    return tree.encoded()
  }

  /// `depth` groups, one in the other.
  private func groups(_ depth: Int) -> [UInt8] {
    let start = Array(repeating: bytes("a3 06"), count: depth).flatMap(\.self)
    return start + Array(repeating: bytes("a4 06"), count: depth).flatMap(\.self)
  }

  @Test("messages nest a hundred deep and no deeper")
  func messageDepth() throws {
    _ = try Tree(decoding: chain(100))
    #expect(throws: WireError.tooDeep) { try Tree(decoding: chain(101)) }
    let limits = DecodingLimits(maximumDepth: 3)
    _ = try Tree(decoding: chain(3), limits: limits)
    #expect(throws: WireError.tooDeep) { try Tree(decoding: chain(4), limits: limits) }
  }

  @Test("groups count as levels too, and a thousand of them are no stack overflow")
  func groupDepth() throws {
    _ = try Scalars(decoding: groups(100))
    #expect(throws: WireError.tooDeep) { try Scalars(decoding: groups(101)) }
    #expect(throws: WireError.tooDeep) {
      try Scalars(decoding: Array(repeating: 0x0b, count: 1_000_000))
    }
  }

  @Test("a message may be as long as the limit and no longer")
  func size() throws {
    let message = Scalars.with { $0.fBytes = [1, 2, 3] }
    let limits = DecodingLimits(maximumBytes: 5)
    #expect(try Scalars(decoding: message.encoded(), limits: limits) == message)
    #expect(throws: WireError.tooLarge) {
      try Scalars(decoding: message.encoded() + [0x68, 0x01], limits: limits)
    }
  }

  @Test("empty messages in lists and maps take no more memory than allowed")
  func elements() throws {
    let stride = MemoryLayout<Scalars>.stride
    let list = Array(repeating: bytes("8a 01 00"), count: 1000).flatMap(\.self)
    #expect(
      try Lists(decoding: list, limits: DecodingLimits(maximumElementBytes: 1000 * stride))
        .fMessage.count == 1000
    )
    #expect(throws: WireError.tooManyElements) {
      try Lists(decoding: list, limits: DecodingLimits(maximumElementBytes: 1000 * stride - 1))
    }
    // Other fields between them change nothing; nor does the depth at which they are.
    let mixed = Array(repeating: bytes("8a 01 00 1a 00"), count: 1000).flatMap(\.self)
    #expect(throws: WireError.tooManyElements) {
      try Lists(decoding: mixed, limits: DecodingLimits(maximumElementBytes: 999 * stride))
    }
    let entries = Array(repeating: bytes("6a 00"), count: 1000).flatMap(\.self)
    #expect(throws: WireError.tooManyElements) {
      try Maps(decoding: entries, limits: DecodingLimits(maximumElementBytes: 999 * stride))
    }
  }

  @Test("a deep message is encoded and its debug text made")
  func deepEncoding() {
    #expect(chain(1000).count > 1000)
  }
}

@Suite("Debug text")
struct DebugTextTests {
  @Test("names the fields that are set and no others")
  func description() {
    let message = Optionals.with {
      $0.fString = "a\"b"
      $0.fInt32 = 0
      $0.fLevel = .low
      $0.fBytes = [1, 2]
      $0.fMessage = .with { $0.fBool = true }
    }
    #expect(
      "\(message)" == """
        wiretest.v1.Optionals(fInt32: 0, fString: "a\\"b", fBytes: 2 bytes, fLevel: LEVEL_LOW, \
        fMessage: wiretest.v1.Scalars(fBool: true))
        """
    )
    #expect("\(Empty())" == "wiretest.v1.Empty()")
  }

  @Test("errors are sentence parts without the peer's bytes")
  func errors() {
    #expect("\(WireError.truncated)" == "the message ends too early")
  }
}
