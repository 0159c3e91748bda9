import Testing

@testable import MartletRPC

@Suite struct PercentEncodingTests {
  @Test("only printable ASCII without the percent sign stays as it is")
  func encode() {
    #expect(text("plain text, 1+1=2~") == "plain text, 1+1=2~")
    #expect(text("100%") == "100%25")
    #expect(text("a\r\nb\u{7f}") == "a%0D%0Ab%7F")
    #expect(text("Łódź") == "%C5%81%C3%B3d%C5%BA")
  }

  @Test("every string comes back as it was")
  func roundTrip() {
    for message in ["", "%", "%%41", "żółć 🐦", "\0\u{1}", String(repeating: "é%", count: 500)] {
      #expect(PercentEncoding.decode(PercentEncoding.encode(message)) == message)
    }
  }

  @Test("broken escapes stay, and bytes that are not UTF-8 are replaced")
  func broken() {
    #expect(PercentEncoding.decode("%".utf8) == "%")
    #expect(PercentEncoding.decode("50% of %4".utf8) == "50% of %4")
    #expect(PercentEncoding.decode("%G1%e2%9c%93".utf8) == "%G1✓")
    #expect(PercentEncoding.decode("a%FFb".utf8) == "a\u{fffd}b")
  }

  private func text(_ message: String) -> String {
    String(decoding: PercentEncoding.encode(message), as: UTF8.self)
  }
}

@Suite struct Base64Tests {
  /// RFC 4648, section 10, and three bytes that need the last two letters of the alphabet.
  static let vectors: [(plain: [UInt8], padded: String)] = [
    ([], ""), (Array("f".utf8), "Zg=="), (Array("fo".utf8), "Zm8="), (Array("foo".utf8), "Zm9v"),
    (Array("foob".utf8), "Zm9vYg=="), (Array("fooba".utf8), "Zm9vYmE="),
    (Array("foobar".utf8), "Zm9vYmFy"), ([0xfb, 0xff, 0xbf], "+/+/"),
  ]

  @Test("the RFC's vectors are read with and without padding and written without")
  func vectors() {
    for (plain, padded) in Self.vectors {
      let bare = padded.filter { $0 != "=" }
      #expect(Base64.decode(padded.utf8) == plain)
      #expect(Base64.decode(bare.utf8) == plain)
      #expect(String(decoding: Base64.encode(plain), as: UTF8.self) == bare)
    }
  }

  @Test(
    "what is not base64 is refused",
    arguments: ["Z", "Zg=", "Zg===", "Z=g=", "Zm9v=", "-_-_", "Zm 9"]
  )
  func refused(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test("every length and byte comes back")
  func roundTrip() {
    for count in 0..<70 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }
}

@Suite struct TimeoutTests {
  @Test("a timeout is written in the finest unit of eight digits, rounded up")
  func encode() {
    #expect(GRPCTimeout.encode(.nanoseconds(1)) == "1n")
    #expect(GRPCTimeout.encode(.nanoseconds(99_999_999)) == "99999999n")
    #expect(GRPCTimeout.encode(.nanoseconds(100_000_001)) == "100001u")
    #expect(GRPCTimeout.encode(.seconds(1)) == "1000000u")
    #expect(GRPCTimeout.encode(.seconds(100)) == "100000m")
    #expect(GRPCTimeout.encode(.seconds(100_000)) == "100000S")
    #expect(GRPCTimeout.encode(.seconds(100_000_000)) == "1666667M")
    // What 64 bits of nanoseconds hold, 292 years.
    #expect(GRPCTimeout.encode(.seconds(Int64.max)) == "2562048H")
  }

  @Test("a timeout that has passed is still a positive number")
  func passed() {
    #expect(GRPCTimeout.encode(.zero) == "1n")
    #expect(GRPCTimeout.encode(.seconds(-5)) == "1n")
    #expect(GRPCTimeout.encode(.seconds(Int64.min)) == "1n")
  }

  @Test("all six units are read")
  func decode() {
    #expect(GRPCTimeout.decode("7n") == .nanoseconds(7))
    #expect(GRPCTimeout.decode("7u") == .microseconds(7))
    #expect(GRPCTimeout.decode("7m") == .milliseconds(7))
    #expect(GRPCTimeout.decode("7S") == .seconds(7))
    #expect(GRPCTimeout.decode("7M") == .seconds(420))
    #expect(GRPCTimeout.decode("7H") == .seconds(25_200))
    #expect(GRPCTimeout.decode("00000000S") == .zero)
    #expect(GRPCTimeout.decode("99999999H") == .nanoseconds(Int64.max))
  }

  @Test(
    "anything else is refused",
    arguments: ["", "S", "5", "5s", "-5S", "+5S", "123456789S", "5 S", "٥S", "5.0S", "5SS"]
  )
  func refused(text: String) {
    #expect(GRPCTimeout.decode(text) == nil)
  }
}
