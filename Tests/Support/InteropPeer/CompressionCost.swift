import Glibc
import MartletRPC

/// What compressing a message costs and saves; Benchmarks/compression.py runs it.
enum CompressionCost {
  /// Prints, for each algorithm and level, the size and the CPU time for a message.
  static func measure(file: String) throws {
    let message = try read(file)
    var frame = [UInt8](repeating: 0, count: Envelope.prefixLength) + message
    Envelope.seal(&frame)
    for (algorithm, level) in [
      (CompressionAlgorithm.gzip, 1), (.gzip, 3), (.gzip, 6), (.gzip, 9), (.deflate, 1),
    ] {
      guard let deflater = Deflater(algorithm, level: level), let inflater = Inflater() else {
        throw Unexpected(description: "expected memory for zlib")
      }
      guard let compressed = deflater.compress(frame)?.dropFirst(Envelope.prefixLength) else {
        print("\(algorithm) \(level) \(message.count) 0 0 0")
        continue
      }
      let packed = Array(compressed)
      let compressing = microseconds { _ = deflater.compress(frame) }
      let inflating = try microseconds {
        let count = try packed.withUnsafeBytes {
          try inflater.inflate($0, algorithm, limit: 1 << 24) { $0.count }
        }
        try expect(count == message.count, "the message again")
      }
      print("\(algorithm) \(level) \(message.count) \(packed.count) \(compressing) \(inflating)")
    }
  }

  /// The CPU time of one run, from as many as take a fifth of a second.
  private static func microseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = clock()
    var rounds = 0
    while clock() - start < 200_000 {
      for _ in 0..<16 { try body() }
      rounds += 16
    }
    return (Double(clock() - start) / Double(rounds) * 100).rounded() / 100
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else {
      throw Unexpected(description: "expected to read \(path)")
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 24)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }
}
