/// What a caller chooses for one call.
public struct CallOptions: Sendable {
  /// The metadata to send.
  public var metadata: Metadata
  /// How long the call may take in all; it fails with DEADLINE_EXCEEDED then, and the server is
  /// told to stop.
  ///
  /// Nil for no limit.
  public var timeout: Duration?
  /// Whether to wait for a connection, as long as the timeout allows, where the call would
  /// otherwise fail at once with UNAVAILABLE.
  public var waitForReady: Bool
  /// What the requests are compressed with; nil for what `ChannelConfiguration.compression` says.
  public var compression: CompressionAlgorithm?

  /// Creates options.
  ///
  /// - Parameters:
  ///   - metadata: the metadata to send.
  ///   - timeout: how long the call may take in all; nil for no limit.
  ///   - waitForReady: whether to wait for a connection rather than fail at once.
  ///   - compression: what the requests are compressed with; nil for what the channel says.
  public init(
    metadata: Metadata = Metadata(),
    timeout: Duration? = nil,
    waitForReady: Bool = false,
    compression: CompressionAlgorithm? = nil
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.waitForReady = waitForReady
    self.compression = compression
  }
}
