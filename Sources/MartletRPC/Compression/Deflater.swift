internal import CZlib

/// zlib's compressor for one format; used for one message after the other.
///
/// About 264 KiB. Confined to whoever has it.
package final class Deflater {
  let algorithm: CompressionAlgorithm
  let level: Int
  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil when there is no memory for it.
  package init?(_ algorithm: CompressionAlgorithm, level: Int) {
    self.algorithm = algorithm
    self.level = level
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let zlibLevel = Int32(min(max(level, 1), 9))
    guard martlet_deflate_init(stream, zlibLevel, algorithm.windowBits) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Compresses the frame of a message.
  ///
  /// - Parameter frame: a sealed frame that is not compressed.
  /// - Returns: the frame, compressed and sealed as such; nil when that is no smaller.
  /// - Complexity: O(frame), and stops as soon as what comes out is as long as the frame.
  package func compress(_ frame: [UInt8]) -> [UInt8]? {
    guard deflateReset(stream) == Z_OK else { return nil }
    let prefix = Envelope.prefixLength
    let compressed = frame.withUnsafeBytes { input in
      [UInt8](unsafeUninitializedCapacity: frame.count) { output, count in
        count = run(
          UnsafeRawBufferPointer(rebasing: input[prefix...]),
          UnsafeMutableBufferPointer(rebasing: output[prefix...])
        )
        if count > 0 {
          output[..<prefix].initialize(repeating: 0)
          count += prefix
        }
      }
    }
    guard !compressed.isEmpty else { return nil }
    // It may wait to be sent for long: without the room that it did not need.
    var exact = Array(compressed[...])
    Envelope.seal(&exact, isCompressed: true)
    return exact
  }

  /// How many bytes came out; 0 when there was no room for all.
  private func run(
    _ input: UnsafeRawBufferPointer,
    _ output: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress
    )
    stream.pointee.avail_in = UInt32(input.count)
    stream.pointee.next_out = output.baseAddress
    // One less: what is as long as before is no gain.
    stream.pointee.avail_out = UInt32(max(0, output.count - 1))
    defer {
      stream.pointee.next_in = nil
      stream.pointee.next_out = nil
    }
    guard deflate(stream, Z_FINISH) == Z_STREAM_END else { return 0 }
    return Int(stream.pointee.total_out)
  }
}
