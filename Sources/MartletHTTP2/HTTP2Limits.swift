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
  /// Bytes of response headers that a server's HPACK encoder remembers of each connection (RFC 7541,
  /// 4.1), whatever more the peer would bear: they are few and short, and nghttp2 takes memory for as
  /// many entries as fit.
  package var maxResponseTableBytes = 1 << 10
  /// Bytes of one frame's payload that we accept (SETTINGS_MAX_FRAME_SIZE).
  package var maxFrameBytes = 16 << 10
  /// Bytes that a peer may send on a stream before the handler consumes them.
  package var streamWindowBytes = 256 << 10
  /// Bytes that a peer may have under way on the connection.
  package var connectionWindowBytes = 1 << 20
  /// The most that a stream's window is opened for one long message (`HTTP2Stream.expect`), bytes.
  package var maxStreamWindowBytes = 4 << 20
  /// The most that the connection's window grows to for such streams, bytes.
  package var maxConnectionWindowBytes = 4 << 20
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
  /// From a header block's first byte to its last, whatever frames it comes in; a server ends the
  /// connection of a client that takes longer.
  package var headerTimeout: Duration = .seconds(10)
  /// The same for any other frame: 16 KiB in this time is the slowest that a client may be.
  package var frameTimeout: Duration = .seconds(60)
  /// How long the kernel may take none of the bytes that wait for a peer before the connection is
  /// cut; nil for ever.
  package var writeStallTimeout: Duration? = .seconds(60)
  /// How long a client may leave a stream's bytes waiting by opening no window for them, before a
  /// server resets the stream; nil for ever.
  ///
  /// A stream that has nothing to send is not concerned. It is noticed within twice this time.
  package var streamStallTimeout: Duration? = .seconds(300)
  /// Bytes that all streams of a server's connection together may have waiting; the stream that
  /// writes more is reset with ENHANCE_YOUR_CALM.
  package var maxBufferedBytes = 128 << 20
  /// The last stream id that a client uses before it drains and lets its user connect anew.
  package var lastStreamID: Int32 = .max - 1_000
  /// PINGs of ours that may wait for their answer.
  package var maxPings = 8
  /// Bytes of an HTTP/1.1 request head that we read before we answer.
  package var maxHTTP1HeadBytes = 8 << 10

  /// RST_STREAM frames from a client, and streams it makes us reset: so many at once.
  package var resetBurst = 500
  /// The same, so many per second in the long run (rapid reset, CVE-2023-44487).
  package var resetsPerSecond = 100
  /// SETTINGS, PING, PRIORITY, GOAWAY, unknown and empty DATA frames, 1xx responses, and a server's
  /// RST_STREAM frames for streams that are not open: so many at once; each entry of SETTINGS counts as one more.
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

  /// The window nearest to what somebody asks for (RFC 9113, section 6.9.1).
  package static func window(_ bytes: Int) -> Int { min(max(bytes, 0), Int(Int32.max)) }
}

/// What all connections of one server or channel have in common: one copy for all of them.
package final class HTTP2SharedConfiguration: Sendable {
  package let value: HTTP2Configuration
  package init(_ value: HTTP2Configuration) { self.value = value }
}

/// How one connection behaves.
package struct HTTP2Configuration: Sendable {
  package var limits = HTTP2Limits()
  /// After so long without a byte from the peer, send a PING; nil never.
  package var keepaliveInterval: Duration?
  /// Whether to do so also while no stream is open.
  package var keepaliveWithoutStreams = true
  /// With a stream open, after so long without a byte from a peer that owes us an answer, send a
  /// PING; nil never.
  ///
  /// It owes one to what was sent since its last byte, and to a request without a response. At most
  /// once in `stallProbeInterval`, unless the peer's streams said something between; and at that
  /// interval also where nothing is owed.
  package var stallTimeout: Duration?
  /// gRPC's servers bear a PING every five minutes while they have nothing to say, and end the
  /// connection after three that came earlier: what the network delays may not make one early.
  package var stallProbeInterval: Duration = .seconds(330)
  /// Close when that PING stays unanswered for so long.
  package var keepaliveTimeout: Duration = .seconds(20)
  /// Drain a connection that had no stream for so long; nil never.
  package var maxIdle: Duration?
  /// How often a client may send PINGs while we send nothing: gRPC's five minutes; nil as often as
  /// `HTTP2Limits.idleFramesPerSecond` allows.
  package var minPingInterval: Duration? = .seconds(300)
  /// The same while no stream is open, when there is hardly a reason to.
  package var minIdlePingInterval: Duration? = .seconds(7_200)
  /// PINGs that may come too early; the next one ends the connection with ENHANCE_YOUR_CALM and
  /// "too_many_pings".
  package var maxPingStrikes = 2
  /// Drain a server's connection at this age, so that clients spread anew; nil never.
  package var maxAge: Duration?
  /// How far a connection's own age may lie from `maxAge`, as a fraction of it, so that those which
  /// came together do not leave together.
  package var ageJitter = 0.1
  /// How long the streams of a connection that is drained for its age may take; nil for ever.
  package var maxAgeGrace: Duration?
  /// The body of the answer to a plain HTTP/1.1 request.
  package var http1Text = "This is a gRPC server. It speaks HTTP/2.\n"

  package init() {}
}
