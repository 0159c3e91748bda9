/// The memory that all transports of a loop read into and write from.
///
/// One set a loop instead of one a connection: bytes stay in it only during one call into a
/// transport, which always empties what it filled before it returns.
final class SharedBuffers {
  /// What a descriptor's read() brings: ciphertext under TLS.
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  /// What one SSL_read() brings.
  let plaintext = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 16)
  /// What waits for write(): ciphertext under TLS.
  let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  /// Bytes of `output` in use.
  @exclusivity(unchecked) var outputCount = 0
  /// Whose bytes they are.
  ///
  /// Should user code make one transport write while another is being flushed, this keeps the bytes
  /// of the one from reaching the other's peer.
  @exclusivity(unchecked) unowned(unsafe) var outputOwner: Transport?
  /// Where HTTP/2 gathers frames before they are handed to the transport.
  ///
  /// Eight of the largest DATA frames, each of which fills a TLS record.
  let gather = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

  deinit {
    input.deallocate()
    plaintext.deallocate()
    output.deallocate()
    gather.deallocate()
  }
}
