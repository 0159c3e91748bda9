import Testing
import WorkoutCore

@Suite("Ids")
struct IdentifierTests {
  @Test("text and bytes name the same UUID both ways")
  func roundTrip() throws {
    let text = "0190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4e5"
    let id = try #require(ActivityID(text))
    #expect(id.text == text)
    #expect(
      id.bytes == [
        0x01, 0x90, 0xF3, 0xE2, 0x7A, 0x1B, 0x7C, 0x4D, 0x8E, 0x5F, 0x00, 0xA1, 0xB2, 0xC3, 0xD4,
        0xE5,
      ]
    )
    #expect(ActivityID(bytes: id.bytes) == id)
  }

  @Test(
    "what is no canonical UUID is refused",
    arguments: [
      "", "0190f3e2", "0190F3E2-7a1b-7c4d-8e5f-00a1b2c3d4e5", "0190f3e27a1b7c4d8e5f00a1b2c3d4e5",
      "0190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4e", "0190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4e55",
      "0190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4eg", "0190f3e2-7a1b-7c4d-8e5f000a1b2c3d4e5",
      "00000000-0000-0000-0000-000000000000", "{190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4e5}",
      "０190f3e2-7a1b-7c4d-8e5f-00a1b2c3d4",
    ]
  )
  func refusals(text: String) {
    #expect(UserID(text) == nil)
  }

  @Test("a wrong number of bytes is refused", arguments: [0, 15, 17])
  func byteCounts(count: Int) {
    #expect(DeviceID(bytes: [UInt8](repeating: 1, count: count)) == nil)
  }

  @Test("a version 7 id carries its time, version and variant, and sorts by time")
  func version7() {
    var generator = SeededGenerator(seed: 7)
    // RFC 9562's example time, appendix A.6: 017F22E2-79B0-7xxx.
    let id = ActivityID.make(timeMs: 1_645_557_742_000, using: &generator)
    #expect(id.text.hasPrefix("017f22e2-79b0-7"))
    #expect(id.bytes[8] & 0xC0 == 0x80)
    var last = id
    for step in 1...200 {
      let next = ActivityID.make(timeMs: 1_645_557_742_000 + Int64(step), using: &generator)
      #expect(last < next)
      #expect(last.text < next.text)
      last = next
    }
  }

  @Test("two ids of one millisecond differ")
  func randomness() {
    var generator = SeededGenerator(seed: 8)
    let ids = Set((0..<1_000).map { _ in UserID.make(timeMs: 5, using: &generator) })
    #expect(ids.count == 1_000)
  }
}
