/// Everything that a server bounds, in one place.
///
/// docs/rpc.md says what happens at each.
public struct ServerLimits: Sendable, Hashable {
  /// The largest request message, bytes.
  ///
  /// Above it the call ends with RESOURCE_EXHAUSTED.
  public var maxRequestMessageBytes = 4 << 20
  /// The largest response message, bytes.
  ///
  /// Above it `send` throws RESOURCE_EXHAUSTED.
  public var maxResponseMessageBytes = 16 << 20
  /// Bytes of encoded responses that a call may hold before `send` suspends.
  public var sendHighWaterBytes = 64 << 10
  /// What must be left of them before a suspended `send` goes on.
  public var sendLowWaterBytes = 16 << 10
  /// Bytes of requests that a client may send ahead of what the handler has taken, in one call.
  public var streamWindowBytes = 64 << 10
  /// The same for all calls of a connection together, before the loop has read them.
  public var connectionWindowBytes = 1 << 20
  /// Bytes that all incomplete requests of one event loop together may hold beyond their calls'
  /// windows.
  ///
  /// The call that would exceed it ends with RESOURCE_EXHAUSTED; requests smaller than a window
  /// are not concerned.
  public var maxPartialRequestBytes = 128 << 20
  /// Bytes of encoded responses that all calls of one event loop together may hold for clients that
  /// do not take them.
  ///
  /// The call whose response would exceed it ends with RESOURCE_EXHAUSTED; responses up to
  /// `sendHighWaterBytes` are not concerned.
  public var maxUnsentResponseBytes = 256 << 20
  /// Calls that one connection may have open at a time; as many again may still run although their
  /// client gave them up, and above that a new one ends with RESOURCE_EXHAUSTED.
  public var maxConcurrentCallsPerConnection = 256
  /// Calls that all clients together may have open at a time; nil for no limit.
  ///
  /// A further one ends at once with RESOURCE_EXHAUSTED, before anything is spent on it: a server
  /// that has too much to do answers those whom it can. A call counts until its handler returns.
  public var maxConcurrentCalls: Int?
  /// Calls that one client's address may have open at a time, over all its connections; nil for no
  /// limit.
  ///
  /// A further one ends with RESOURCE_EXHAUSTED. IPv6 addresses of one network (/64) count as one,
  /// and behind a load balancer the address is the one of its PROXY header.
  public var maxConcurrentCallsPerPeer: Int?
  /// Calls that one client's address may begin in a second, in the long run; nil for no limit.
  ///
  /// A further one ends with RESOURCE_EXHAUSTED, and `grpc-retry-pushback-ms` says when the next one
  /// will be taken.
  public var callsPerSecondPerPeer: Int?
  /// Calls that it may begin at once, after a time without any.
  public var callBurstPerPeer = 100
  /// Connections that one event loop accepts; above it new ones are closed at once.
  public var maxConnectionsPerLoop = 16_384
  /// Connections that one client address (for IPv6 its /64) may have open; a further one is closed at
  /// once.
  ///
  /// Nil for no limit: many people may share an address. Where clients come through a load
  /// balancer, it is of use with the PROXY protocol only.
  public var maxConnectionsPerPeer: Int?
  /// Connections that one client address may open in a second, on average and at once.
  ///
  /// Nil for no limit.
  public var maxNewConnectionsPerSecondPerPeer: Int?
  /// TLS handshakes that one event loop begins in a second, on average and at once; above it new
  /// connections wait in the system's queue.
  ///
  /// Nil for no limit: handshakes never take more than a part of each turn from open connections.
  public var maxHandshakesPerSecondPerLoop: Int?
  /// TLS handshakes that one event loop has under way; a further one ends the oldest.
  public var maxConcurrentHandshakesPerLoop = 1_024
  /// Tasks without a call that one event loop keeps for handlers to come; more of them end.
  public var maxIdleHandlerTasks = 256
  /// Bytes of one header list as RFC 9113 section 6.5.2 counts them (32 more for each field).
  public var maxHeaderListBytes = 16 << 10
  /// Bytes of metadata, counted in the same way, that a handler may send before the first response,
  /// and again with the status; without a response, both together.
  ///
  /// Above it the call ends with INTERNAL; an error loses its metadata.
  public var maxMetadataBytes = 12 << 10
  /// Bytes of a status message as it is sent, percent-encoded; a longer one is cut.
  public var maxStatusMessageBytes = 2 << 10
  /// How long a new connection may take for TLS and HTTP/2's first frames, and later a header block
  /// from its first byte to its last.
  public var handshakeTimeout: Duration = .seconds(10)
  /// How long the one request of a call may take to come, after its headers; nil for ever.
  ///
  /// Above it the call ends with DEADLINE_EXCEEDED, within a quarter more. Calls with many requests
  /// are not concerned.
  public var requestTimeout: Duration? = .seconds(300)
  /// How long a connection may stay without an open call before it is sent away; nil for ever.
  public var connectionIdleTimeout: Duration? = .seconds(600)
  /// How long a connection may be silent before it is asked for a sign of life; nil for never.
  public var keepaliveInterval: Duration? = .seconds(60)
  /// How long it may take to answer before it counts as dead.
  public var keepaliveTimeout: Duration = .seconds(20)
  /// How often a client may ask us for a sign of life (PING) while it gets nothing else; nil for as
  /// often as it likes.
  ///
  /// Two that come too early are forgiven, the third ends the connection with ENHANCE_YOUR_CALM and
  /// "too_many_pings", as gRPC has it (<https://github.com/grpc/proposal/blob/master/A8-client-side-keepalive.md>);
  /// clients that follow gRPC then ask half as often.
  public var minimumPingInterval: Duration? = .seconds(300)
  /// Whether that interval holds without an open call, too; otherwise a client may then ask once in
  /// two hours.
  public var permitKeepaliveWithoutCalls = false
  /// How old a connection may become, give or take a tenth, before it is sent away, so that clients
  /// spread anew over servers and loops; nil for any age.
  ///
  /// Its calls go on; clients open the next ones on a new connection.
  public var maxConnectionAge: Duration?
  /// How long the calls of a connection that became too old may still take before they end with
  /// UNAVAILABLE; nil for as long as they like.
  public var maxConnectionAgeGrace: Duration?
  /// Bytes of freed memory that malloc keeps for each event loop instead of giving them back to the
  /// system, up to 32 MiB; nil leaves malloc's settings alone.
  ///
  /// It spares large messages a page fault for each of their pages. It is a setting of the process
  /// (`mallopt(3)`, M_TRIM_THRESHOLD and M_MMAP_THRESHOLD): the first server that starts with one
  /// makes it, for good, unless the environment sets these or GLIBC_TUNABLES.
  public var keptFreedBytes: Int? = 32 << 20
  /// When nothing has come or gone on a connection for so long, most of the memory that TLS and
  /// HTTP/2 keep of it is given back, until something does: half of what an idle connection holds;
  /// nil for never.
  ///
  /// Each time costs some 20 µs: shorter than the pauses of those who speak now and then, it would
  /// save nothing. For TLS the first server that starts with one replaces OpenSSL's memory functions
  /// (`CRYPTO_set_mem_functions(3)`) in the whole process; in one that has used OpenSSL before, TLS
  /// keeps its memory, unless it called `Server.prepareFolding()` first.
  public var foldDelay: Duration? = .seconds(5)

  /// Creates the limits that suit most servers.
  public init() {}
}

/// Everything that a client's channel bounds, in one place.
public struct ClientLimits: Sendable, Hashable {
  /// The largest response message, bytes.
  ///
  /// Above it the call fails with RESOURCE_EXHAUSTED.
  public var maxResponseMessageBytes = 16 << 20
  /// The largest request message, bytes.
  ///
  /// Above it `send` throws RESOURCE_EXHAUSTED.
  public var maxRequestMessageBytes = 16 << 20
  /// Bytes of encoded requests that a call may hold before `send` suspends.
  public var sendHighWaterBytes = 64 << 10
  /// What must be left of them before a suspended `send` goes on.
  public var sendLowWaterBytes = 16 << 10
  /// Bytes of responses that the server may send ahead of what the caller has taken, in one call.
  public var streamWindowBytes = 256 << 10
  /// The same for all calls of the connection together, before the loop has read them.
  public var connectionWindowBytes = 4 << 20
  /// Bytes of one header list as RFC 9113 section 6.5.2 counts them.
  public var maxHeaderListBytes = 16 << 10
  /// Bytes of metadata, counted in the same way, that a call may send; above it the call fails with
  /// INTERNAL.
  public var maxMetadataBytes = 12 << 10
  /// Bytes of requests that a call keeps so that it can be made again.
  ///
  /// A call that has sent more than this is not.
  public var replayBytes = 256 << 10
  /// Bytes of requests that all calls of a channel keep so that they can be made again.
  ///
  /// A call that would exceed it is not.
  public var maxReplayBytesPerChannel = 16 << 20
  /// How often a call which the server has provably not looked at is sent again before it fails with UNAVAILABLE.
  public var maxTransparentRetries = 3
  /// Calls that may wait for a connection, or for the server to allow one more stream.
  public var maxWaitingCalls = 10_000
  /// Connections to one address.
  ///
  /// With more than one, another is made when the server allows no further call on those that are
  /// there.
  public var maxConnectionsPerEndpoint = 1
  /// Calls that one connection carries in its life; then another takes its place, and it closes
  /// when its calls have ended.
  ///
  /// HTTP/2 has numbers for 2^30 calls of a connection and no way to begin again.
  public var maxCallsPerConnection = 1 << 29
  /// Addresses of a server that are used; those beyond are left out.
  public var maxEndpoints = 256
  /// Changes of state that are kept for watchers of the channel's state that are behind; a watcher
  /// further behind misses the oldest.
  public var maxUnseenStates = 128

  /// Creates the limits that suit most clients.
  public init() {}
}
