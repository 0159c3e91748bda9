internal import CLinux
internal import Glibc

/// A listening socket of one loop.
package final class Listener: EventSource, @unchecked Sendable {
  /// What it is bound to; a port 0 has been replaced.
  package let address: SocketAddress
  /// TLS of connections accepted from now on (set on the loop); nil for plaintext.
  package var tls: TLSContext?
  /// Connections closed at once because of `NetLimits.maxConnectionsPerLoop`; on the loop.
  package private(set) var refusedCount = 0

  private let loop: EventLoop
  private let onAccept: (Transport) -> Void
  private let ownsPath: Bool
  private var descriptor: Int32
  private var retryTimer: LoopTimer?

  /// Binds and listens; from any thread.
  ///
  /// Accepting begins with `start()`.
  ///
  /// Several loops listen to one TCP address with `sharesPort` (SO_REUSEPORT): the kernel spreads
  /// connections over them. A Unix socket's file that nobody listens to any more is replaced.
  ///
  /// `onAccept` is called on the loop with a transport that waits for `open(delegate:)`.
  package init(
    loop: EventLoop,
    address: SocketAddress,
    sharesPort: Bool = false,
    tls: TLSContext? = nil,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    let descriptor = martlet_stream_socket(address.family)
    guard descriptor >= 0 else { throw .systemCall(name: "socket", code: martlet_errno()) }
    do throws(NetError) {
      try bind(descriptor, to: address, sharesPort: sharesPort)
      guard listen(descriptor, loop.limits.listenBacklog) == 0 else {
        throw .systemCall(name: "listen", code: martlet_errno())
      }
      self.address = try boundAddress(of: descriptor)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    if case .unix = address { ownsPath = true } else { ownsPath = false }
    self.loop = loop
    self.tls = tls
    self.onAccept = onAccept
    self.descriptor = descriptor
  }

  /// Fails when somebody else listens to a TCP address already.
  ///
  /// A socket with SO_REUSEPORT binds beside any other of the same user that has it: a second
  /// server would silently take half of the first one's connections. This asks without it.
  package static func checkNobodyListens(to address: SocketAddress) throws(NetError) {
    guard address.family != AF_UNIX, address.port != 0 else { return }
    let probe = martlet_stream_socket(address.family)
    guard probe >= 0 else { throw .systemCall(name: "socket", code: martlet_errno()) }
    defer { Glibc.close(probe) }
    try bind(probe, to: address, sharesPort: false)
  }

  /// Another loop's listener on the same socket, for Unix sockets, which know no SO_REUSEPORT.
  package init(
    sharing other: Listener,
    loop: EventLoop,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    let copy = fcntl(other.descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .systemCall(name: "fcntl", code: martlet_errno()) }
    self.loop = loop
    self.onAccept = onAccept
    address = other.address
    tls = other.tls
    ownsPath = false
    descriptor = copy
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
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
    Glibc.close(descriptor)
    descriptor = -1
    if ownsPath, case .unix(let path) = address { unlink(path) }
  }

  override func loopWillStop() {
    close()
  }

  override func handleEvents(_ events: UInt32) {
    for _ in 0..<loop.limits.maxAcceptsPerTurn where descriptor >= 0 {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let accepted = martlet_accept(descriptor, &storage, &length)
      guard accepted >= 0 else { return acceptFailed(martlet_errno()) }
      take(accepted, SocketAddress(&storage) ?? address)
    }
  }

  private func take(_ accepted: Int32, _ peer: SocketAddress) {
    guard loop.acceptedCount < loop.limits.maxConnectionsPerLoop else {
      refusedCount += 1
      Glibc.close(accepted)
      return
    }
    setConnectionOptions(accepted, peer, loop.limits)
    let session: TLSSession?
    do throws(NetError) {
      session = if let tls { try TLSSession(tls, serverName: nil) } else { nil }
    } catch {
      // Out of memory within OpenSSL.
      Glibc.close(accepted)
      return
    }
    onAccept(
      Transport(
        loop: loop,
        carrier: .socket(accepted),
        peerAddress: peer,
        isAccepted: true,
        tls: session
      )
    )
  }

  func acceptFailed(_ code: Int32) {
    switch code {
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: rest()
    // EAGAIN: all accepted. The others concern one connection that died in the queue.
    default: break
    }
  }

  /// With no descriptor left, the socket stays readable; look away for a while instead of spinning.
  private func rest() {
    if place >= 0 { loop.unregister(self, descriptor: descriptor) }
    retryTimer = loop.schedule(after: loop.limits.acceptRetry) { [self] in
      guard descriptor >= 0 else { return }
      do throws(NetError) { try start() } catch { rest() }
    }
  }
}

// MARK: Binding

private func bind(
  _ descriptor: Int32,
  to address: SocketAddress,
  sharesPort: Bool
) throws(NetError) {
  if case .unix(let path) = address { removeStaleSocket(path) }
  _ = martlet_set_socket_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
  if case .v6 = address {
    _ = martlet_set_socket_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
  }
  if sharesPort, address.family != AF_UNIX,
    martlet_set_socket_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) != 0
  {
    throw .systemCall(name: "SO_REUSEPORT", code: martlet_errno())
  }
  let code = try address.withKernelForm { pointer, length in
    Glibc.bind(descriptor, pointer, length) == 0 ? 0 : martlet_errno()
  }
  guard code == 0 else { throw .systemCall(name: "bind \(address)", code: code) }
}

/// Removes a Unix socket's file if connecting to it is refused: its listener is gone.
private func removeStaleSocket(_ path: String) {
  let probe = martlet_stream_socket(AF_UNIX)
  guard probe >= 0 else { return }
  defer { Glibc.close(probe) }
  let code = try? SocketAddress.unix(path).withKernelForm { pointer, length in
    Glibc.connect(probe, pointer, length) == 0 ? 0 : martlet_errno()
  }
  if code == ECONNREFUSED { unlink(path) }
}

/// The address of our end of a socket.
func boundAddress(of descriptor: Int32) throws(NetError) -> SocketAddress {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  let code = withUnsafeMutablePointer(to: &storage) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      getsockname(descriptor, $0, &length)
    }
  }
  guard code == 0, let address = SocketAddress(&storage) else {
    throw .systemCall(name: "getsockname", code: martlet_errno())
  }
  return address
}
