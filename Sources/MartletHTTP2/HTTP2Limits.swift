/// Every bound of this module, by name.
package struct HTTP2Limits: Sendable {
  /// Streams that a peer may have open at a time (SETTINGS_MAX_CONCURRENT_STREAMS).
  package var maxConcurrentStreams = 256
  /// Bytes of one header list, counted as SETTINGS_MAX_HEADER_LIST_SIZE does (RFC 9113, 6.5.2):
  /// name, value and 32 for each field.
  ///
  /// A longer list resets its stream.
  package var maxHeaderListBytes = 16 << 10
  /// Bytes of one header list that we send, counted in the same way.
  ///
  /// A longer one resets its stream: nghttp2 would silently drop it (from 64 KiB on), and the peer
  /// would wait for ever.
  package var maxSentHeaderListBytes = 60 << 10
  /// Bytes of one frame's payload that we accept (SETTINGS_MAX_FRAME_SIZE).
  package var maxFrameBytes = 16 << 10
  /// Bytes that a peer may send on a stream before the handler consumes them.
  package var streamWindowBytes = 256 << 10
  /// Bytes that a peer may have under way on the connection.
  package var connectionWindowBytes = 1 << 20
  /// Unconsumed bytes of all streams together; above it the connection's window is no longer
  /// replenished, so that many slow handlers cannot fill the memory.
  package var maxUnconsumedBytes = 4 << 20

  /// A stream with so many bytes to send is no longer writable.
  package var streamHighWaterBytes = 64 << 10
  /// A stream that was not writable is so again at so many bytes.
  package var streamLowWaterBytes = 16 << 10
  /// With more bytes than these waiting in a server's transport, it reads nothing more.
  ///
  /// A client always reads: if both sides stopped, neither would ever go on.
  package var maxOutboundBacklogBytes = 64 << 10
  /// The same for frames that wait behind those bytes.
  package var maxOutboundBacklogFrames = 1_000
  /// Bytes that one connection sends in one turn, so that the others get theirs.
  package var maxFlushBytesPerTurn = 256 << 10

  /// From the transport's opening to the peer's preface, its first SETTINGS and its acknowledgement
  /// of ours.
  package var prefaceTimeout: Duration = .seconds(10)
  /// From the shutdown notice to the final GOAWAY when the peer's PING answer does not come.
  package var drainNotice: Duration = .seconds(1)
  /// From our last GOAWAY to the cut of a connection whose peer does not read it.
  package var closeTimeout: Duration = .seconds(2)
  /// PINGs of ours that may wait for their answer.
  package var maxPings = 8
  /// Bytes of an HTTP/1.1 request head that we read before we answer.
  package var maxHTTP1HeadBytes = 8 << 10

  /// RST_STREAM frames from the peer, and streams it makes us reset: so many at once.
  package var resetBurst = 500
  /// The same, so many per second in the long run (rapid reset, CVE-2023-44487).
  package var resetsPerSecond = 100
  /// SETTINGS, PING, PRIORITY, GOAWAY, unknown and empty DATA frames, and 1xx responses: so many at
  /// once; each entry of SETTINGS counts as one more.
  package var idleFrameBurst = 10_000
  /// The same, so many per second in the long run.
  package var idleFramesPerSecond = 1_000
  /// SETTINGS and PING acknowledgements that wait for a peer that does not read.
  package var maxPendingAcknowledgements = 100
  /// Entries of one SETTINGS frame.
  package var maxSettingsEntries = 32
  /// CONTINUATION frames of one header list.
  package var maxContinuations = 8
  /// Bytes of freed small blocks that one loop keeps for its sessions' next requests.
  static let maxKeptBlockBytes = 512 << 10

  package init() {}
}

/// How one connection behaves.
package struct HTTP2Configuration: Sendable {
  package var limits = HTTP2Limits()
  /// After so long without a byte from the peer, send a PING; nil never.
  package var keepaliveInterval: Duration?
  /// Close when that PING stays unanswered for so long.
  package var keepaliveTimeout: Duration = .seconds(20)
  /// Drain a connection that had no stream for so long; nil never.
  package var maxIdle: Duration?
  /// The body of the answer to a plain HTTP/1.1 request.
  package var http1Text = "This is a gRPC server. It speaks HTTP/2.\n"

  package init() {}
}
