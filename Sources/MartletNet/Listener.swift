internal import CLinux
internal import Glibc

/// Where a listener is bound and what it expects of those who connect.
package struct ListenerConfiguration: Sendable {
  package var address: SocketAddress
  /// Several loops listen to one TCP address (SO_REUSEPORT): the kernel spreads connections over
  /// them.
  package var sharesPort = false
  /// `::` takes IPv4 connections too.
  package var isDualStack = false
  /// The permission bits of a Unix socket's file.
  package var permissions: UInt32 = 0o600
  /// Not nil: every connection begins with a PROXY header.
  package var proxyProtocol: ProxyProtocol?

  package init(address: SocketAddress) {
    self.address = address
  }
}

/// A listening socket of one loop.
package final class Listener: EventSource, @unchecked Sendable {
  /// What it is bound to; a port 0 has been replaced.
  package let address: SocketAddress
  /// TLS of connections accepted from now on (set on the loop); nil for plaintext.
  package var tls: TLSContext?
  /// Connections closed at once because of a limit or of whom they came from; on the loop.
  package private(set) var refusedCount = 0

  private let loop: EventLoop
  private let configuration: ListenerConfiguration
  private let peers: PeerTable?
  private let onAccept: (Transport) -> Void
  /// The Unix socket's file, which we remove; nil for TCP, and for a copy of another's socket.
  private let file: FileStamp?
  private var descriptor: Int32
  private var retryTimer: LoopTimer?
  private var handshakeBucket: TokenBucket?

  /// Binds and listens; from any thread.
  ///
  /// Accepting begins with `start()`. A Unix socket's file that nobody listens to any more is
  /// replaced.
  ///
  /// `onAccept` is called on the loop with a transport that waits for `open(delegate:)`. `peers`
  /// counts connections per peer, for all listeners that share it.
  package init(
    loop: EventLoop,
    configuration: ListenerConfiguration,
    tls: TLSContext? = nil,
    peers: PeerTable? = nil,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    let bound = try BoundSocket(configuration, backlog: loop.limits.listenBacklog)
    address = bound.address
    file = bound.file
    descriptor = bound.descriptor
    self.loop = loop
    self.configuration = configuration
    self.tls = tls
    self.peers = peers
    self.onAccept = onAccept
    handshakeBucket = Self.handshakeBucket(loop.limits)
  }

  /// The same for an address alone.
  package convenience init(
    loop: EventLoop,
    address: SocketAddress,
    sharesPort: Bool = false,
    tls: TLSContext? = nil,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    var configuration = ListenerConfiguration(address: address)
    configuration.sharesPort = sharesPort
    try self.init(loop: loop, configuration: configuration, tls: tls, onAccept: onAccept)
  }

  /// Another loop's listener on the same socket, for Unix sockets, which know no SO_REUSEPORT.
  ///
  /// Whichever loop the kernel wakes accepts; close the first one last, as it removes the file.
  package init(
    sharing other: Listener,
    loop: EventLoop,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    let copy = fcntl(other.descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .systemCall(name: "fcntl", code: martlet_errno()) }
    self.loop = loop
    self.onAccept = onAccept
    configuration = other.configuration
    peers = other.peers
    address = other.address
    tls = other.tls
    file = nil
    descriptor = copy
    handshakeBucket = Self.handshakeBucket(loop.limits)
  }

  deinit {
    if descriptor >= 0 { closeSocket() }
  }

  private static func handshakeBucket(_ limits: NetLimits) -> TokenBucket? {
    limits.maxHandshakesPerSecondPerLoop.map { TokenBucket(perSecond: $0, at: .read()) }
  }

  /// Begins to accept; on the loop.
  package func start() throws(NetError) {
    // EXCLUSIVE: of several loops on one socket, a connection wakes one.
    let events = UInt32(martlet_epoll_in) | martlet_epoll_exclusive()
    try loop.register(self, descriptor: descriptor, events: events)
  }

  /// Stops listening for good; on the loop.
  ///
  /// Accepted connections live on.
  package func close() {
    assert(loop.isCurrent)
    guard descriptor >= 0 else { return }
    retryTimer?.cancel()
    if place >= 0 { loop.unregister(self, descriptor: descriptor) }
    closeSocket()
  }

  private func closeSocket() {
    // The file first: once the socket is closed, the next server may put its own there.
    if let file, case .unix(let path) = address, file.isSameFile(as: FileStamp(of: path)) {
      unlink(path)
    }
    Glibc.close(descriptor)
    descriptor = -1
  }

  override func loopWillStop() {
    close()
  }

  // MARK: Accepting

  override func handleEvents(_ events: UInt32) {
    for _ in 0..<loop.limits.maxAcceptsPerTurn where descriptor >= 0 && place >= 0 {
      guard mayShakeHands() else { return }
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let accepted = martlet_accept(descriptor, &storage, &length)
      guard accepted >= 0 else { return acceptFailed(martlet_errno()) }
      take(accepted, SocketAddress(&storage) ?? address)
    }
  }

  /// Leaves connections in the kernel's queue while the loop has had its share of handshakes.
  private func mayShakeHands() -> Bool {
    guard tls != nil, let wait = handshakeBucket?.wait(at: loop.now), wait > .zero else {
      return true
    }
    rest(for: wait)
    return false
  }

  private func take(_ accepted: Int32, _ peer: SocketAddress) {
    guard loop.acceptedCount < loop.limits.maxConnectionsPerLoop else { return refuse(accepted) }
    if tls != nil { _ = handshakeBucket?.take(at: loop.now) }
    setConnectionOptions(accepted, peer, loop.limits)
    guard let proxyProtocol = configuration.proxyProtocol else {
      return admit(accepted, peer, local: nil)
    }
    guard proxyProtocol.trusts(peer) else { return refuse(accepted) }
    ProxyReader(accepted, on: loop) { [self] descriptor, header in
      admit(descriptor, header.source ?? peer, local: header.destination)
    }.start()
  }

  /// The connection is `peer`'s: counts it, and hands it on.
  private func admit(_ accepted: Int32, _ peer: SocketAddress, local: SocketAddress?) {
    var lease: PeerLease?
    if let peers {
      lease = peers.admit(peer, at: loop.now)
      guard lease != nil else { return refuse(accepted) }
    }
    let session: TLSSession?
    do throws(NetError) {
      session = if let tls { try TLSSession(tls, serverName: nil) } else { nil }
    } catch {
      // Out of memory within OpenSSL.
      return refuse(accepted)
    }
    let transport = Transport(
      loop: loop,
      carrier: .socket(accepted),
      peerAddress: peer,
      isAccepted: true,
      tls: session
    )
    transport.lease = lease
    transport.proxiedAddress = local
    onAccept(transport)
  }

  private func refuse(_ accepted: Int32) {
    refusedCount += 1
    Glibc.close(accepted)
  }

  func acceptFailed(_ code: Int32) {
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: rest(for: loop.limits.acceptRetry)
    // EAGAIN: all accepted. The others concern one connection that died in the queue.
    default: break
    }
  }

  /// With no descriptor left, the socket stays readable; look away for a while instead of spinning.
  private func rest(for delay: Duration) {
    if place >= 0 { loop.unregister(self, descriptor: descriptor) }
    retryTimer?.cancel()
    retryTimer = loop.schedule(after: delay) { [self] in
      guard descriptor >= 0 else { return }
      do throws(NetError) { try start() } catch { rest(for: loop.limits.acceptRetry) }
    }
  }
}
