// Where the bytes of a message can go.

/// From this bound on a message is encoded where it stays: below, a copy costs less than room that is
/// not used.
private let smallestLargeBound = 32 << 10

extension Message {
  /// The message as bytes, in an array of that size; a large one may have room for an eighth more.
  ///
  /// - Parameters:
  ///   - prefix: Zero bytes to put before it, for a caller's own header: gRPC's takes five.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  /// - Returns: `prefix` zero bytes and the encoded message.
  public func encoded(prefix: Int = 0, deterministic: Bool = false) -> [UInt8] {
    let bound = encodedSizeBound
    if bound >= smallestLargeBound {
      return encodedInPlace(prefix: prefix, bound: bound, deterministic: deterministic)
    }
    var bytes: [UInt8] = []
    unsafe WireWriter.withEncoded(self, deterministic: deterministic) { encoded in
      unsafe grow(&bytes, by: prefix + encoded.count) { output in
        let raw = UnsafeMutableRawPointer(output)
        unsafe raw.initializeMemory(as: UInt8.self, repeating: 0, count: prefix)
        unsafe copy(encoded, to: raw + prefix)
      }
    }
    return bytes
  }

  /// A large message is written where it stays, unless far more room was taken than it needs.
  @inline(never)
  private func encodedInPlace(prefix: Int, bound: Int, deterministic: Bool) -> [UInt8] {
    let capacity = prefix + bound + WireWriter.slack
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      let start = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped)
      unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: prefix)
      count =
        unsafe prefix
        + WireWriter.write(self, to: start + prefix, bound: bound, deterministic: deterministic)
    }
    if bytes.count >= capacity - capacity / 8 { return bytes }
    return unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }

  /// Encodes the message into scratch space behind `prefix` bytes, and hands all of it to `body`.
  ///
  /// For the RPC runtime: it takes no memory for a message of up to some hundred bytes, and where
  /// the message's type is known the codec's code is in line.
  ///
  /// - Parameters:
  ///   - prefix: How many bytes to leave before the message, with unspecified values.
  ///   - body: Gets the prefix and the message; they are valid only during the call.
  /// - Returns: What `body` returned.
  /// - Throws: What `body` threw.
  @inlinable
  public func withEncoded<Result: ~Copyable, Failure: Error>(
    prefix: Int,
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let bound = encodedSizeBound
    return unsafe try withUnsafeTemporaryAllocation(
      byteCount: prefix &+ bound &+ WireWriter.slack,
      alignment: 8
    ) { (scratch) throws(Failure) -> Result in
      let start = unsafe scratch.baseAddress.unsafelyUnwrapped
      let count = unsafe WireWriter.write(
        self,
        to: start + prefix,
        bound: bound,
        deterministic: false
      )
      return unsafe try body(UnsafeMutableRawBufferPointer(start: start, count: prefix &+ count))
    }
  }

  /// Adds the message to the end of an array.
  ///
  /// - Parameters:
  ///   - bytes: What the message follows.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  public func append(to bytes: inout [UInt8], deterministic: Bool = false) {
    unsafe WireWriter.withEncoded(self, deterministic: deterministic) { encoded in
      unsafe grow(&bytes, by: encoded.count) { unsafe copy(encoded, to: $0) }
    }
  }

  /// Adds the message to the end of an array, after its length: what `DelimitedReader` reads.
  ///
  /// - Parameters:
  ///   - bytes: What the message follows.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  public func appendDelimited(to bytes: inout [UInt8], deterministic: Bool = false) {
    unsafe WireWriter.withEncoded(self, deterministic: deterministic) { encoded in
      let width = varintLength(UInt64(encoded.count))
      unsafe grow(&bytes, by: width + encoded.count) { output in
        let raw = UnsafeMutableRawPointer(output)
        unsafe copy(encoded, to: raw + width)
        unsafe storeLength(encoded.count, width: width, at: raw)
      }
    }
  }

  /// Writes the message to the start of a buffer.
  ///
  /// No memory is taken when the buffer has room for `encodedSizeBound` bytes and a few more.
  ///
  /// - Parameters:
  ///   - buffer: Where the message goes.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  /// - Returns: How many bytes the message is; the buffer's bytes behind it are unspecified.
  /// - Throws: `WireError.noRoom` when it does not fit; the buffer is then unspecified.
  public func encode(
    into buffer: UnsafeMutableRawBufferPointer,
    deterministic: Bool = false
  ) throws(WireError) -> Int {
    let bound = encodedSizeBound
    if let start = buffer.baseAddress, buffer.count - WireWriter.slack >= bound {
      return unsafe WireWriter.write(self, to: start, bound: bound, deterministic: deterministic)
    }
    let count = unsafe WireWriter.withEncoded(self, deterministic: deterministic) { encoded in
      if encoded.count <= buffer.count, let start = buffer.baseAddress {
        unsafe copy(encoded, to: start)
      }
      return encoded.count
    }
    guard count <= buffer.count else { throw .noRoom }
    return count
  }

  /// Adds the message to what a span holds.
  ///
  /// - Parameters:
  ///   - output: Where the message goes.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  /// - Throws: `WireError.noRoom` when it does not fit; the span then holds what it held.
  public func encode(
    into output: inout OutputRawSpan,
    deterministic: Bool = false
  ) throws(WireError) {
    var failure: WireError?
    unsafe output.withUnsafeMutableBytes { buffer, initializedCount in
      let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[initializedCount...])
      do throws(WireError) {
        initializedCount += unsafe try encode(into: free, deterministic: deterministic)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}

private func copy(_ encoded: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
  if let source = encoded.baseAddress {
    unsafe target.copyMemory(from: source, byteCount: encoded.count)
  }
}
