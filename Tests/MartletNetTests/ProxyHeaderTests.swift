import Testing

@testable import MartletNet

/// A header of version 2.
func proxyHeader(command: UInt8 = 0x21, family: UInt8, _ payload: [UInt8]) -> [UInt8] {
  let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]
  let count = UInt16(payload.count)
  return signature + [command, family, UInt8(count >> 8), UInt8(count & 0xFF)] + payload
}

@Suite struct ProxyHeaderTests {
  private static let v4 = proxyHeader(family: 0x11, [192, 0, 2, 7, 10, 0, 0, 1, 0xC0, 1, 1, 0xBB])
  private static let v6 = proxyHeader(
    family: 0x21,
    [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]
      + [UInt8](repeating: 0, count: 15) + [1] + [0, 80, 1, 0xBB] + [4, 0, 3, 9, 9, 9]
  )
  private static let unix = proxyHeader(
    family: 0x31,
    Array("/run/a".utf8) + [UInt8](repeating: 0, count: 102) + Array("/run/b".utf8)
      + [UInt8](repeating: 0, count: 102)
  )
  private static let headers: [([UInt8], ProxyHeader)] = [
    (v4, header("192.0.2.7", 49_153, "10.0.0.1", 443)),
    (v6, header("2001:db8::7", 80, "::1", 443)),
    (unix, ProxyHeader(source: .unix("/run/a"), destination: .unix("/run/b"))),
    (proxyHeader(command: 0x20, family: 0, []), ProxyHeader()),
    (proxyHeader(command: 0x20, family: 0x11, [1, 2, 3]), ProxyHeader()),
    (proxyHeader(family: 0x00, [9, 9]), ProxyHeader()),
    (proxyHeader(family: 0x12, [UInt8](repeating: 1, count: 12)), ProxyHeader()),
    (
      Array("PROXY TCP4 192.0.2.7 10.0.0.1 49153 443\r\n".utf8),
      header("192.0.2.7", 49_153, "10.0.0.1", 443)
    ),
    (
      Array("PROXY TCP6 2001:db8::7 ::1 80 443\r\n".utf8), header("2001:db8::7", 80, "::1", 443)
    ),
    // What a balancer that listens on "::" says of IPv4: one peer, not a part of one /64 with all.
    (
      Array("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:10.0.0.1 80 443\r\n".utf8),
      header("192.0.2.7", 80, "10.0.0.1", 443)
    ),
    (
      proxyHeader(
        family: 0x21,
        mapped([192, 0, 2, 7]) + mapped([10, 0, 0, 1]) + [0, 80, 1, 0xBB]
      ),
      header("192.0.2.7", 80, "10.0.0.1", 443)
    ),
    (Array("PROXY UNKNOWN\r\n".utf8), ProxyHeader()),
    (Array("PROXY UNKNOWN ffff::1 whatever 1 2\r\n".utf8), ProxyHeader()),
  ]

  private static func mapped(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes
  }

  private static func header(_ source: String, _ from: UInt16, _ to: String, _ port: UInt16)
    -> ProxyHeader
  {
    ProxyHeader(
      source: try? SocketAddress(host: source, port: from),
      destination: try? SocketAddress(host: to, port: port)
    )
  }

  /// Feeds as a socket does: never more than is wanted, in pieces of `piece` at most; the header and
  /// how many bytes were taken.
  private func parse(
    _ bytes: [UInt8],
    piece: Int
  ) throws(ProxyHeaderError) -> (header: ProxyHeader, count: Int)? {
    var parser = ProxyHeaderParser()
    var rest = bytes[...]
    while !rest.isEmpty {
      #expect(parser.bytesWanted > 0)
      let next = rest.prefix(min(piece, parser.bytesWanted))
      rest = rest.dropFirst(next.count)
      if let header = try parser.feed(next) { return (header, bytes.count - rest.count) }
    }
    return nil
  }

  @Test("headers of both versions are read, however they are split, and nothing behind them")
  func headers() throws {
    for (bytes, expected) in Self.headers {
      for piece in 1...bytes.count + 1 {
        let parsed = try parse(bytes + Array("\r\nPRI * HTTP/2.0".utf8), piece: piece)
        #expect(parsed?.header == expected)
        #expect(parsed?.count == bytes.count)
      }
    }
  }

  @Test("a header that is cut short is none yet")
  func prefixes() throws {
    for (bytes, _) in Self.headers {
      for count in 0..<bytes.count {
        #expect(try parse(Array(bytes.prefix(count)), piece: 7) == nil)
      }
    }
  }

  @Test(
    "what is no header is refused",
    arguments: [
      "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}abcdefg",
      "PROXY\r\nTCP4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "PROXY TCP4 1.2.3.4 ::1 1 2\r\n",
      "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP4 1.2.3.4  1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
      "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n\r\n", "PROXY TCP4\r1.2.3.4 1.2.3.4 1 2\r\n",
      "PROXY TCP6 fe80::1%1 ::1 1 2\r\n", "PROXY TCP4 1.2.3.4\u{0}5 1.2.3.4 1 2\r\n",
      "\r\n\r\n\u{0}\r\nQUIX\n!\u{11}",
    ]
  )
  func refused(text: String) {
    for piece in [1, 3, 200] {
      #expect(throws: ProxyHeaderError.self) { try parse(Array(text.utf8), piece: piece) }
    }
  }

  @Test("lengths lie within bounds before anything is kept for them")
  func lengths() throws {
    let long = proxyHeader(family: 0x11, [UInt8](repeating: 0, count: 65_000))
    #expect(throws: ProxyHeaderError.tooLong) { try parse(long, piece: 16) }
    let most = proxyHeader(family: 0x11, [UInt8](repeating: 0, count: 4_080))
    #expect(try parse(most, piece: 100)?.count == 4_096)
    for (family, count) in [(0x11, 11), (0x21, 35), (0x31, 215)] as [(UInt8, Int)] {
      let short = proxyHeader(family: family, [UInt8](repeating: 0, count: count))
      #expect(throws: ProxyHeaderError.malformedBinary) { try parse(short, piece: 9) }
    }
    for family: UInt8 in [0x13, 0x1F, 0x41, 0x40, 0xF1, 0x03, 0xFF] {
      let head = Array(proxyHeader(family: family, []).prefix(14))
      #expect(throws: ProxyHeaderError.malformedBinary) { try parse(head, piece: 9) }
      // The proxy's own connection: the family does not count.
      let local = proxyHeader(command: 0x20, family: family, [1, 2])
      #expect(try parse(local, piece: 9)?.header == ProxyHeader())
    }
    for command: UInt8 in [0x22, 0x11, 0x2F, 0] {
      let other = proxyHeader(command: command, family: 0x11, [])
      #expect(throws: ProxyHeaderError.malformedBinary) { try parse(other, piece: 9) }
    }
    let endless = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x41, count: 200)
    #expect(throws: ProxyHeaderError.malformedLine) { try parse(endless, piece: 9) }
    let longest = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x41, count: 91) + [13, 10]
    #expect(try parse(longest, piece: 9)?.count == 107)
    let over = Array("PROXY UNKNOWN ".utf8) + [UInt8](repeating: 0x41, count: 92) + [13, 10]
    #expect(throws: ProxyHeaderError.malformedLine) { try parse(over, piece: 9) }
  }

  @Test("any byte anywhere is read or refused, within the bound")
  func anyByte() throws {
    var generator = SystemRandomNumberGenerator()
    for (bytes, _) in Self.headers {
      // Behind them is text or a path.
      for index in bytes.indices.prefix(20) {
        for byte in UInt8.min...UInt8.max {
          var changed = bytes
          changed[index] = byte
          check(changed, piece: 13)
        }
      }
    }
    for _ in 0..<3_000 {
      let starts = [[], Array(proxyHeader(family: 0x21, []).prefix(13)), Array("PROXY ".utf8)]
      let start = starts.randomElement(using: &generator) ?? []
      let count = Int.random(in: 0..<300, using: &generator)
      let random = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      check(start + random, piece: Int.random(in: 1...300, using: &generator))
    }
  }

  private func check(_ bytes: [UInt8], piece: Int) {
    do throws(ProxyHeaderError) {
      let count = try parse(bytes, piece: piece)?.count ?? 0
      #expect(count <= ProxyHeaderParser.maxBytes)
    } catch {
      // Refused, in one of the four ways.
    }
  }
}

@Suite struct NetworkTests {
  @Test(
    "a network holds its addresses and no others",
    arguments: [
      ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false),
      ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false), ("::/0", "1.2.3.4", false),
      ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
      ("192.0.2.128/25", "192.0.2.127", false), ("192.0.2.128/25", "192.0.2.129", true),
      ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
      ("::1/128", "::1", true), ("::1/128", "::2", false),
    ]
  )
  func contains(network: String, address: String, isIn: Bool) throws {
    #expect(try Network(network).contains(SocketAddress(host: address, port: 5)) == isIn)
    #expect(try !Network(network).contains(.unix("/x")))
  }

  @Test(
    "what is no network is refused",
    arguments: [
      "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.1/8", "::1/64",
      "::/129", "localhost/8", "10.0.0.0/8/8",
    ]
  )
  func refused(text: String) {
    #expect(throws: NetError.self) { try Network(text) }
  }
}
