import MartletWire
import Testing
import WireTestSchema

@Suite("Equality")
struct EqualityTests {
  @Test("a NaN equals itself, but not a NaN of other bits")
  func notANumber() {
    let message = Scalars.with { $0.fDouble = .nan }
    #expect(message == message)
    #expect(message.hashValue == message.hashValue)
    #expect(message != Scalars.with { $0.fDouble = Double(nan: 1, signaling: false) })
  }

  @Test("zero is not minus zero, which is written")
  func minusZero() {
    #expect(Scalars() != Scalars.with { $0.fDouble = -0.0 })
    #expect(Lists.with { $0.fFloat = [0] } != Lists.with { $0.fFloat = [-0.0] })
  }

  @Test("text is compared by its bytes")
  func text() {
    let composed = Scalars.with { $0.fString = "\u{e9}" }
    let decomposed = Scalars.with { $0.fString = "e\u{301}" }
    #expect(composed.fString == decomposed.fString)
    #expect(composed != decomposed)
  }

  @Test("presence counts")
  func presence() {
    #expect(Optionals() != Optionals.with { $0.fInt32 = 0 })
    #expect(Optionals() != Optionals.with { $0.fMessage = Scalars() })
  }

  @Test("maps are equal in whatever order they were filled", arguments: 0..<20)
  func maps(round: Int) {
    let keys = (0..<50).map { "key \($0 * 7 + round)" }
    let first = Maps.with { for key in keys { $0.stringLevel[key] = .low } }
    var second = Maps.with { $0.stringLevel.reserveCapacity(1000) }
    for key in keys.reversed() { second.stringLevel[key] = .low }
    #expect(first == second)
    #expect(first.hashValue == second.hashValue)
    second.stringLevel[keys[0]] = .high
    #expect(first != second)
  }

  @Test("unknown fields count")
  func unknownFields() throws {
    let known = try Scalars(decoding: [24, 1])
    let more = try Scalars(decoding: [24, 1, 0xf8, 0x07, 1])
    #expect(known != more)
    #expect(try more == Scalars(decoding: [24, 1, 0xf8, 0x07, 1]))
    #expect(try more != Scalars(decoding: [24, 1, 0xf8, 0x07, 2]))
  }

  @Test("a set holds equal messages once")
  func sets() {
    let messages = (0..<100).map { number in Scalars.with { $0.fInt32 = Int32(number % 10) } }
    #expect(Set(messages).count == 10)
  }
}

@Suite("Messages behind references")
struct IndirectTests {
  @Test("a list in a nested message grows in place")
  func inPlace() {
    var tree = Tree.with { $0.left = Tree() }
    tree.left?.children.reserveCapacity(100)
    func place() -> UnsafePointer<Tree>? {
      tree.left?.children.withUnsafeBufferPointer { $0.baseAddress }
    }
    let before = place()
    for _ in 0..<50 { tree.left?.children.append(Tree()) }
    #expect(tree.left?.children.count == 50)
    #expect(place() == before)
  }

  @Test("a copy keeps its own value")
  func copies() {
    let first = Tree.with { $0.left = Tree.with { $0.name = "a" } }
    var second = first
    second.left?.name = "b"
    #expect(first.left?.name == "a")
    #expect(second.left?.name == "b")
    second.left = nil
    #expect(first.left != nil)
    #expect(second.left == nil)
  }
}
