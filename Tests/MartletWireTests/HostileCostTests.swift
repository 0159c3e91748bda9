import MartletWire
import Testing
import WireTestSchema

/// Bytes made to cost more than their number: what takes a moment here took minutes.
@Suite("The cost of hostile bytes")
struct HostileCostTests {
  private func isQuick(_ body: () throws -> Void) rethrows -> Bool {
    try ContinuousClock().measure(body) < .seconds(10)
  }

  @Test("a oneof's message that comes in many pieces is merged in place")
  func oneofMerging() throws {
    let child = bytes("22 00")
    let wide = Tree.with { $0.children = Array(repeating: Tree(), count: 40_000) }
    let many = Tree.with { $0.hold = .held(.with { $0.tree = wide }) }
    // Each of the rest adds one more child to the list.
    let pieces = Array(repeating: bytes("3a 04 0a 02") + child, count: 20_000).joined()
    var tree: Tree?
    #expect(try isQuick { tree = try Tree(decoding: many.encoded() + pieces) })
    guard case .held(let owner)? = tree?.hold else {
      Issue.record("the oneof is lost")
      return
    }
    #expect(owner.tree?.children.count == 60_000)
  }

  /// Marks that have to be sorted to compare texts: above and below the letter in turns.
  private func marks(_ count: Int) -> String {
    String(repeating: "\u{301}\u{316}", count: count / 2)
  }

  @Test("a map's key of more combining marks in a row than any language has is refused at once")
  func combiningMarks() throws {
    #expect(try Maps(decoding: entry("e" + marks(128))).stringLevel.count == 1)
    let many = String(repeating: marks(100) + "x", count: 100)
    #expect(try Maps(decoding: entry(many)).stringLevel.count == 1)
    #expect(throws: WireError.tooManyMarks) { try Maps(decoding: entry("e" + marks(130))) }
    // These have no combining class and stand for two marks that have.
    #expect(throws: WireError.tooManyMarks) {
      try Maps(decoding: entry(String(repeating: "\u{f73}", count: 130)))
    }
    #expect(isQuick { _ = try? Maps(decoding: entry("e" + marks(1_000_000))) })
    // Text that is no key may be what it is.
    let text = Scalars.with { $0.fString = marks(1_000_000) }.encoded()
    #expect(try isQuick { _ = try Scalars(decoding: text) })
  }

  /// The bytes of `Maps` with one entry in `string_level`; no map is made, for that would hash.
  private func entry(_ key: String) -> [UInt8] {
    // A text in a list of texts is what a key is in an entry, but for the tag.
    var inner = Lists.with { $0.fString = [key] }.encoded()
    inner[0] = 0x0a
    var outer = Lists.with { $0.fBytes = [inner] }.encoded()
    outer[0] = 0x62
    return outer
  }
}
