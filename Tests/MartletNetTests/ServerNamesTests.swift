import Testing

@testable import MartletNet

@Suite struct ServerNamesTests {
  private let names = ServerNames([
    .init(names: ["a.example", "b.example"], algorithm: 1),
    .init(names: ["*.wild.example", "c.example"], algorithm: 1),
    .init(names: ["a.example"], algorithm: 2),
    .init(names: ["x.wild.example"], algorithm: 2),
    .init(names: ["a.example"], algorithm: 1),
  ])

  @Test(
    "a name gets its certificates, one of each algorithm",
    arguments: [
      ("a.example", [0, 2]), ("b.example", [0]), ("c.example", [1]),
      ("y.wild.example", [1]), ("x.wild.example", [3, 1]),
    ]
  )
  func choice(name: String, expected: [Int]) {
    #expect(names.choice(for: name) == expected)
  }

  @Test(
    "a name that no certificate bears gets the default",
    arguments: ["", ".", "d.example", "wild.example", "a.b.wild.example", "*.wild.examples", "com"]
  )
  func unknown(name: String) {
    #expect(names.choice(for: name) == [0, 2])
  }

  @Test("every name's choice is among the choices, the default first")
  func choices() {
    #expect(names.choices.first == [0, 2])
    for name in ["a.example", "b.example", "y.wild.example", "x.wild.example", "none"] {
      #expect(names.choices.contains(names.choice(for: name)))
    }
    #expect(Set(names.choices).count == names.choices.count)
    #expect(ServerNames().choice(for: "a") == [])
  }
}

@Suite struct TicketKeyRingTests {
  private func key(_ number: UInt8) -> TicketKey {
    TicketKey(name: [UInt8](repeating: number, count: 16), cipher: [], mac: [])
  }
  private func time(_ seconds: UInt64) -> MonotonicTime {
    MonotonicTime(nanoseconds: seconds * 1_000_000_000)
  }

  @Test("a key encrypts for its lifetime and decrypts for as long again")
  func rotation() {
    var ring = TicketKeyRing(lifetime: .seconds(100))
    #expect(ring.current(at: time(0)) { nil } == nil)
    #expect(ring.current(at: time(0)) { key(1) } == key(1))
    #expect(ring.current(at: time(99)) { key(2) } == key(1))
    #expect(ring.key(named: key(1).name, at: time(99))?.isCurrent == true)
    #expect(ring.key(named: key(2).name, at: time(99)) == nil)

    // Nobody asked for a ticket since: the old key still reads what is not too old.
    #expect(ring.key(named: key(1).name, at: time(150))?.isCurrent == false)
    #expect(ring.key(named: key(1).name, at: time(200)) == nil)

    #expect(ring.current(at: time(150)) { key(2) } == key(2))
    #expect(ring.key(named: key(1).name, at: time(199))?.isCurrent == false)
    #expect(ring.key(named: key(1).name, at: time(200)) == nil)
    #expect(ring.key(named: key(2).name, at: time(200))?.isCurrent == true)

    #expect(ring.current(at: time(250)) { key(3) } == key(3))
    #expect(ring.key(named: key(1).name, at: time(250)) == nil)
    #expect(ring.key(named: key(2).name, at: time(250))?.isCurrent == false)
  }
}
