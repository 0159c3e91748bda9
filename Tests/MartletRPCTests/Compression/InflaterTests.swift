import Glibc
import MartletNet
import Testing

@testable import MartletRPC

@Suite(.timeLimit(.minutes(1))) struct InflaterTests {
  static let algorithms: [CompressionAlgorithm] = [.gzip, .deflate]

  /// Bytes that compress well and are not all the same.
  static func text(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 / 97) * 31 ^ $0 % 13) }
  }

  /// `message` compressed, without the prefix.
  static func compressed(
    _ message: [UInt8],
    _ algorithm: CompressionAlgorithm
  ) throws -> [UInt8] {
    // Room for short messages to grow: what is no smaller is not compressed.
    let frame = EnvelopeTests.frame(message)
    let deflater = try #require(Deflater(algorithm, level: 6))
    let compressed = try #require(deflater.compress(frame))
    return Array(compressed.dropFirst(Envelope.prefixLength))
  }

  static func inflate(
    _ bytes: [UInt8],
    _ algorithm: CompressionAlgorithm,
    limit: Int = 1 << 20
  ) throws -> [UInt8] {
    let inflater = try #require(Inflater())
    return try bytes.withUnsafeBytes { input in
      try inflater.inflate(input, algorithm, limit: limit) { Array($0) }
    }
  }

  @Test(
    "what was compressed comes back",
    arguments: algorithms,
    [100, 4096, 4097, 70_000, 900_000]
  )
  func roundTrip(algorithm: CompressionAlgorithm, count: Int) throws {
    let message = Self.text(count)
    #expect(try Self.inflate(Self.compressed(message, algorithm), algorithm) == message)
  }

  @Test("contexts are used again, for one format after the other")
  func reuse() throws {
    let inflater = try #require(Inflater())
    for round in 0..<20 {
      let algorithm = Self.algorithms[round % 2]
      let message = Self.text(100 + round * 1000)
      let bytes = try Self.compressed(message, algorithm)
      let back = try bytes.withUnsafeBytes {
        try inflater.inflate($0, algorithm, limit: 1 << 20) { Array($0) }
      }
      #expect(back == message)
    }
  }

  @Test("an inflater that met damage inflates the next message")
  func reuseAfterDamage() throws {
    let inflater = try #require(Inflater())
    let message = Self.text(5000)
    let good = try Self.compressed(message, .gzip)
    for bad in [[], Array(good.dropLast(9)), [1, 2, 3], good + [0]] {
      #expect(throws: InflateError.self) {
        try bad.withUnsafeBytes { try inflater.inflate($0, .gzip, limit: 1 << 20) { $0.count } }
      }
      let back = try good.withUnsafeBytes {
        try inflater.inflate($0, .gzip, limit: 1 << 20) { Array($0) }
      }
      #expect(back == message)
    }
  }

  @Test("a message of exactly the limit passes, one byte more does not", arguments: algorithms)
  func limit(algorithm: CompressionAlgorithm) throws {
    for limit in [300, 4096, 20_000] {
      let exact = Self.text(limit)
      #expect(try Self.inflate(Self.compressed(exact, algorithm), algorithm, limit: limit) == exact)
      let over = try Self.compressed(Self.text(limit + 1), algorithm)
      #expect(throws: InflateError.tooLarge(limit: limit)) {
        try Self.inflate(over, algorithm, limit: limit)
      }
    }
  }

  @Test("a bomb costs no more memory and time than its limit", arguments: algorithms)
  func bomb(algorithm: CompressionAlgorithm) throws {
    // 64 MiB of zeros are 64 KiB; as many of them behind each other as a gigabyte takes.
    let zeros = try Self.compressed([UInt8](repeating: 0, count: 64 << 20), algorithm)
    let bomb = algorithm == .gzip ? Array(repeatElement(zeros, count: 16).joined()) : zeros
    try Self.resetPeak()
    let before = try Self.peakKilobytes()
    let start = ContinuousClock.now
    for _ in 0..<20 {
      #expect(throws: InflateError.tooLarge(limit: 4 << 20)) {
        try Self.inflate(bomb, algorithm, limit: 4 << 20)
      }
    }
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(try Self.peakKilobytes() - before < 16 << 10)
  }

  @Test("a stream cut anywhere is truncated", arguments: algorithms)
  func truncated(algorithm: CompressionAlgorithm) throws {
    let whole = try Self.compressed(Self.text(300), algorithm)
    for length in 0..<whole.count {
      #expect(throws: InflateError.truncated) {
        try Self.inflate(Array(whole[..<length]), algorithm)
      }
    }
  }

  @Test("a damaged byte anywhere is noticed", arguments: algorithms)
  func damaged(algorithm: CompressionAlgorithm) throws {
    let message = Self.text(300)
    let whole = try Self.compressed(message, algorithm)
    // Gzip's modification time, extra flags and operating system may be anything.
    for index in whole.indices where algorithm == .deflate || !(4..<10).contains(index) {
      var bytes = whole
      bytes[index] ^= 0xff
      #expect(throws: InflateError.self, "byte \(index)") { try Self.inflate(bytes, algorithm) }
    }
  }

  @Test("gzip's members are joined; deflate has none")
  func members() throws {
    let first = Self.text(5000)
    let second = Self.text(300)
    let joined = try Self.compressed(first, .gzip) + Self.compressed(second, .gzip)
    #expect(try Self.inflate(joined, .gzip) == first + second)
    #expect(throws: InflateError.tooLarge(limit: 5299)) {
      try Self.inflate(joined, .gzip, limit: 5299)
    }
    let twice = try Self.compressed(first, .deflate) + Self.compressed(second, .deflate)
    #expect(throws: InflateError.self) { try Self.inflate(twice, .deflate) }
  }

  @Test("bytes behind the end are refused", arguments: algorithms)
  func trailing(algorithm: CompressionAlgorithm) throws {
    let whole = try Self.compressed(Self.text(300), algorithm)
    for rest in [[0], [0x1f], [0x1f, 0x8c], Array("garbage".utf8)] as [[UInt8]] {
      #expect(throws: InflateError.trailingBytes(rest.count)) {
        try Self.inflate(whole + rest, algorithm)
      }
    }
    if algorithm == .gzip {
      #expect(throws: InflateError.truncated) { try Self.inflate(whole + [0x1f, 0x8b], .gzip) }
    }
  }

  @Test("one format is not taken for the other, and raw deflate for neither")
  func formats() throws {
    let message = Self.text(300)
    let gzip = try Self.compressed(message, .gzip)
    let zlib = try Self.compressed(message, .deflate)
    let raw = Array(zlib.dropFirst(2).dropLast(4))
    for (bytes, algorithm) in [
      (gzip, Self.algorithms[1]), (zlib, .gzip), (raw, .deflate), (raw, .gzip),
    ] {
      #expect(throws: InflateError.self) { try Self.inflate(bytes, algorithm) }
    }
  }

  @Test("noise is refused and never traps")
  func noise() throws {
    var generator = SystemRandomNumberGenerator()
    let inflater = try #require(Inflater())
    for round in 0..<5000 {
      var bytes = (0..<Int.random(in: 0..<200)).map { _ in
        UInt8.random(in: .min ... .max, using: &generator)
      }
      let algorithm = Self.algorithms[round % 2]
      let head: [UInt8] = algorithm == .gzip ? [0x1f, 0x8b, 8, UInt8(round % 32)] : [0x78, 0x9c]
      bytes = head + bytes
      _ = bytes.withUnsafeBytes { input in
        try? inflater.inflate(input, algorithm, limit: 1000) { $0.count }
      }
    }
    let after = try Self.compressed(Self.text(300), .gzip)
    #expect(try Self.inflate(after, .gzip) == Self.text(300))
  }

  @Test("what does not shrink is not compressed", arguments: algorithms)
  func incompressible(algorithm: CompressionAlgorithm) throws {
    let noise = (0..<10_000).map { _ in UInt8.random(in: .min ... .max) }
    let deflater = try #require(Deflater(algorithm, level: 6))
    for message in [noise, Array(noise[..<20]), [], [1]] {
      #expect(deflater.compress(EnvelopeTests.frame(message)) == nil)
    }
    #expect(deflater.compress(EnvelopeTests.frame(Self.text(1000))) != nil)
  }

  /// Lets the process's high-water mark of resident memory start again (proc(5), clear_refs).
  private static func resetPeak() throws {
    let file = try #require(fopen("/proc/self/clear_refs", "w"))
    fputs("5", file)
    try #require(fclose(file) == 0)
  }

  private static func peakKilobytes() throws -> Int {
    let file = try #require(fopen("/proc/self/status", "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
      let words = String(
        decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
        as: UTF8.self
      ).split { $0 == " " || $0 == "\t" }
      if words.first == "VmHWM:", words.count > 1 { return try #require(Int(words[1])) }
    }
    throw RPCError(.internal, "no VmHWM in /proc/self/status")
  }
}

@Suite struct CompressionAlgorithmTests {
  @Test(
    "grpc-accept-encoding is read as peers write it",
    arguments: [
      ("identity, deflate, gzip", [CompressionAlgorithm.deflate, .gzip]), ("gzip", [.gzip]),
      ("identity,deflate,gzip", [.deflate, .gzip]), ("identity", []), ("", []),
      ("zstd , gzip\t,br", [.gzip]), ("GZIP", []), (",,deflate,", [.deflate]), ("gzipx", []),
    ]
  )
  func accepted(header: String, expected: [CompressionAlgorithm]) {
    var header = header
    let set = header.withUTF8 { AcceptedEncodings(header: UnsafeRawBufferPointer($0)) }
    #expect(set == AcceptedEncodings(expected))
    #expect(set.contains(.identity))
    #expect(set.contains(.gzip) == expected.contains(.gzip))
  }

  @Test("a set is written with identity and what it has")
  func written() {
    let values = [[], [.gzip], [.deflate], [.gzip, .deflate]] as [[CompressionAlgorithm]]
    #expect(
      values.map { "\(AcceptedEncodings($0).headerValue)" } == [
        "identity", "identity, gzip", "identity, deflate", "identity, deflate, gzip",
      ]
    )
  }
}

@Suite(.timeLimit(.minutes(1))) struct CompressionContextsTests {
  @Test("a loop's contexts are freed when no message needs them")
  func freed() async throws {
    let loop = try EventLoop()
    try loop.start()
    let freed = Flag()
    nonisolated(unsafe) var contexts: CompressionContexts?
    loop.execute {
      let made = CompressionContexts(loop: loop, keptTime: .milliseconds(20))
      contexts = made
      let frame = EnvelopeTests.frame(InflaterTests.text(1000))
      let small = made.compress(frame, .gzip, level: 1)
      #expect(small.count < frame.count && small[0] == 1)
      #expect(!made.isEmpty)
    }
    let noticed = await waitUntil {
      loop.execute { if contexts?.isEmpty == true { freed.set() } }
      return freed.isSet
    }
    #expect(noticed)
    await loop.stopAndWait()
    contexts = nil
  }
}
