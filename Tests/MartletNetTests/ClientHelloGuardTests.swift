import Testing

@testable import MartletNet

@Suite struct ClientHelloGuardTests {
  private func record(type: UInt8 = 22, _ payload: [UInt8]) -> [UInt8] {
    [type, 3, 1, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)] + payload
  }

  private func hello(announcing count: Int, type: UInt8 = 1, bytes: Int) -> [UInt8] {
    [type, UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
      + [UInt8](repeating: 1, count: bytes)
  }

  private func admits(_ bytes: [UInt8], piece: Int) -> Bool {
    var guardian = ClientHelloGuard()
    var rest = bytes[...]
    while !rest.isEmpty {
      let next = Array(rest.prefix(piece))
      rest = rest.dropFirst(piece)
      guard next.withUnsafeBytes({ guardian.admits($0) }) else { return false }
    }
    return true
  }

  @Test(
    "a ClientHello that announces too much is refused with its head, however the bytes are split"
  )
  func announced() {
    for piece in [1, 2, 3, 5, 9, 10_000] {
      #expect(admits(record(hello(announcing: 300, bytes: 300)), piece: piece))
      #expect(admits(record(hello(announcing: 16_384, bytes: 40)), piece: piece))
      #expect(!admits(Array(record(hello(announcing: 16_385, bytes: 40)).prefix(9)), piece: piece))
      #expect(!admits(record(hello(announcing: 131_000, bytes: 0)), piece: piece))
      // In pieces of which one does not say how long it is.
      #expect(!admits(record([1, 0, 1]), piece: piece))
    }
  }

  @Test("so is a second one; what is no ClientHello, or the rest of one, may say anything")
  func later() {
    let first = record(hello(announcing: 100, bytes: 100))
    let change = record(type: 20, [1])
    for piece in [1, 4, 7, 10_000] {
      #expect(!admits(first + change + record(hello(announcing: 70_000, bytes: 9)), piece: piece))
      #expect(admits(first + change + record(hello(announcing: 700, bytes: 700)), piece: piece))
      // A ClientHello in three records, whose further parts look like the start of a long one.
      let parts =
        record(hello(announcing: 90, bytes: 30))
        + record([1, 255, 255, 255] + [UInt8](repeating: 9, count: 26))
        + record([1, 255, 255, 255] + [UInt8](repeating: 9, count: 26))
      #expect(admits(parts, piece: piece))
      #expect(!admits(parts + record(hello(announcing: 70_000, bytes: 0)), piece: piece))
      #expect(admits(first + record(type: 23, [1, 255, 255, 255, 0]), piece: piece))
      #expect(admits(first + record(hello(announcing: 70_000, type: 11, bytes: 9)), piece: piece))
    }
  }
}
