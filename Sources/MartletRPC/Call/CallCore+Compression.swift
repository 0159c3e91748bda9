internal import MartletWire

extension CallCore {
  /// Inflates a message that the peer has marked as compressed, and decodes it.
  func decodeCompressed<Element: Message>(
    _ type: Element.Type,
    _ flags: UInt8,
    _ bytes: UnsafeRawBufferPointer
  ) -> Result<Element, RPCError> {
    guard flags == 1 else {
      return .failure(RPCError(.internal, "a message's flags are \(flags), not 0 or 1"))
    }
    guard let algorithm = peerEncoding.algorithm else { return .failure(compressedFlagError) }
    receivedCompressed()
    do throws(InflateError) {
      let limit = bounds.maxReceivedBytes
      return try compressionContexts.inflate(bytes, algorithm, limit: limit) { decode(type, $0) }
    } catch {
      return .failure(RPCError(error, algorithm))
    }
  }

  /// compression.md wants INTERNAL for both, and from a server UNIMPLEMENTED for an encoding that
  /// it does not have; such a call never comes so far.
  private var compressedFlagError: RPCError {
    peerEncoding == .refused
      ? RPCError(.internal, "a message is compressed with what was not accepted")
      : RPCError(.internal, "a message's compressed flag is set without a grpc-encoding")
  }
}

extension RPCError {
  fileprivate init(_ error: InflateError, _ algorithm: CompressionAlgorithm) {
    switch error {
    case .tooLarge(let limit):
      self.init(
        .resourceExhausted,
        "a message is over the limit of \(limit) bytes when it is inflated"
      )
    case .malformed(let reason):
      self.init(.internal, "a message is not \(algorithm): \(reason)")
    case .truncated:
      self.init(.internal, "a message ends inside its \(algorithm)")
    case .trailingBytes(let count):
      self.init(.internal, "a message has \(count) bytes behind its \(algorithm)")
    case .outOfMemory:
      self.init(.resourceExhausted, "no memory to inflate a message")
    }
  }
}
