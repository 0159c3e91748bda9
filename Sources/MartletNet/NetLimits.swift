/// Every bound of this module, by name.
package struct NetLimits: Sendable {
  /// Connections that one loop holds at a time; a further one is closed as soon as it is accepted.
  package var maxConnectionsPerLoop = 20_000
  /// Connections accepted in one turn, so that a storm of them leaves room for those that exist.
  package var maxAcceptsPerTurn = 64
  /// How long accepting rests when the process or the system has no descriptor left.
  package var acceptRetry: Duration = .milliseconds(100)
  /// Length of the kernel's queue of connections that wait to be accepted.
  package var listenBacklog: Int32 = 1_024
  /// Connections that one peer (an IPv4 address, the /64 of an IPv6 one) may have to all loops of a
  /// server together; a further one is closed as soon as it is accepted.
  ///
  /// Nil for no limit: many people share one address behind a carrier's or an office's NAT.
  package var maxConnectionsPerPeer: Int?
  /// Connections that one peer may open in a second, on average and at once; nil for no limit.
  package var maxNewConnectionsPerSecondPerPeer: Int?
  /// Peers that are remembered for these two.
  package var maxTrackedPeers = 65_536
  /// TLS handshakes that one loop begins in a second, on average and at once; above it connections
  /// wait in the kernel's queue.
  ///
  /// Nil for no limit.
  package var maxHandshakesPerSecondPerLoop: Int?
  /// TLS handshakes that one loop has under way; a further one ends the oldest.
  package var maxConcurrentHandshakesPerLoop = 1_024
  /// Steps of TLS handshakes in one turn, each up to half a millisecond; the others wait for the next
  /// turn, behind the connections that are open.
  package var maxHandshakeStepsPerTurn = 16
  /// Steps for TLS messages such as new keys (KeyUpdate) that a peer may cause on one connection,
  /// besides one for each 64 KiB of data: a few bytes of its own cost us a derivation of keys.
  package static let lateHandshakeSteps = 128
  /// Bytes of a ClientHello; OpenSSL takes memory for one as soon as its length is announced.
  package static let maxClientHelloBytes = 16 << 10
  /// From accept until the PROXY header is complete.
  package var proxyHeaderTimeout: Duration = .seconds(5)
  /// From accept or connect until the TLS handshake is done.
  package var handshakeTimeout: Duration = .seconds(10)
  /// From connect() until the peer answers.
  package var connectTimeout: Duration = .seconds(10)
  /// How long a name's look-up may take.
  package var resolveTimeout: Duration = .seconds(10)
  /// Threads of the process for looking names up.
  package static let resolverThreads = 4
  /// Look-ups that may wait for one of them.
  package static let maxQueuedLookUps = 256
  /// Addresses taken from one answer.
  package static let maxResolvedAddresses = 64
  /// How long a connection that we closed in order may take to read the rest and close its end.
  package var lingerTimeout: Duration = .seconds(2)
  /// Bytes of a closing peer that are read and dropped while we linger.
  package var maxLingerBytes = 1 << 20
  /// The kernel cuts a connection whose peer acknowledges nothing for so long (TCP_USER_TIMEOUT).
  package var unacknowledgedTimeout: Duration = .seconds(60)
  /// How long a connection may be silent before the kernel asks whether the peer is there, and how
  /// long between one question and the next (TCP keepalive); the fourth without an answer cuts it.
  package var tcpKeepaliveIdle: Duration = .seconds(120)
  package var tcpKeepaliveInterval: Duration = .seconds(15)
  /// Bytes that a transport keeps for a peer that reads too slowly; over it, the transport fails.
  package var maxPendingBytes = 8 << 20
  /// Bytes that may be under way in one direction of an in-memory pipe.
  package var pipeCapacity = 64 << 10
  /// Jobs that run in one turn before bytes are flushed and descriptors are looked at again.
  package var maxJobsPerTurn = 10_000

  /// Bytes of freed memory at the end of a heap that the process does not give back to the system,
  /// so that a message of 4 MB does not cost a thousand page faults for each copy of it.
  ///
  /// Set for the whole process by the first loop that starts with one; nil leaves malloc's settings
  /// alone.
  package var keptFreedBytes: Int?

  /// When nothing has come or gone on a connection for so long, what OpenSSL and nghttp2 keep of it
  /// is folded (`FoldableRun`), and unfolded for the next byte; nil for never.
  ///
  /// The first loop that is made with one replaces OpenSSL's memory functions in the whole process.
  package var foldDelay: Duration?
  /// Connections that one loop folds at a time, 10 µs each, before it does other work.
  package static let maxFoldsPerTurn = 64
  /// When a loop has had so many accepted connections and half of them are gone, malloc gives the free
  /// memory of the process back to the system.
  package static let trimConnections = 1_000
  /// How long after that, so that the rest may go first.
  package static let trimDelay: Duration = .seconds(2)
  /// How long at least from one time to the next.
  package static let trimInterval: Duration = .seconds(60)

  package init() {}
}
