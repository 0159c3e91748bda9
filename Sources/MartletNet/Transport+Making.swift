internal import CLinux
internal import Glibc

extension Transport {
  /// Starts to connect.
  ///
  /// `transportDidOpen` or `transportDidClose` follows. On the loop.
  ///
  /// With `tls`, `serverName` is the name that the server's certificate must bear (and SNI).
  package static func connect(
    to address: SocketAddress,
    on loop: EventLoop,
    tls: TLSContext? = nil,
    serverName: String? = nil,
    delegate: any TransportDelegate
  ) -> Transport {
    assert(loop.isCurrent)
    do throws(NetError) {
      let session: TLSSession? =
        if let tls {
          try TLSSession(tls, serverName: serverName, address: address)
        } else { nil }
      let descriptor = try beginConnecting(to: address, limits: loop.limits)
      let transport = Transport(
        loop: loop,
        carrier: .socket(descriptor),
        peerAddress: address,
        tls: session
      )
      transport.awaitConnection(delegate: delegate)
      return transport
    } catch {
      let transport = Transport(loop: loop, carrier: .none, peerAddress: address)
      transport.fail(delegate: delegate, error: error)
      return transport
    }
  }

  /// Two ends that talk to each other in memory, on one loop or on two.
  ///
  /// Call `open(delegate:)` of each on its loop. Received bytes are delivered in pieces of
  /// `fragment` at most, to test those who must not care.
  package static func pipe(
    _ serverLoop: EventLoop,
    _ clientLoop: EventLoop,
    fragment: Int = .max
  ) -> (server: Transport, client: Transport) {
    pipe(serverLoop, clientLoop, fragment, nil, nil)
  }

  /// The same with TLS: its code runs over the pipe just as over a socket.
  package static func pipe(
    _ serverLoop: EventLoop,
    _ clientLoop: EventLoop,
    fragment: Int = .max,
    serverTLS: TLSContext,
    clientTLS: TLSContext,
    serverName: String
  ) throws(NetError) -> (server: Transport, client: Transport) {
    let server = try TLSSession(serverTLS, serverName: nil)
    let client = try TLSSession(clientTLS, serverName: serverName)
    return pipe(serverLoop, clientLoop, fragment, server, client)
  }

  private static func pipe(
    _ serverLoop: EventLoop,
    _ clientLoop: EventLoop,
    _ fragment: Int,
    _ server: TLSSession?,
    _ client: TLSSession?
  ) -> (server: Transport, client: Transport) {
    let ends = PipeEnd.pair(serverLoop, clientLoop, fragment: fragment)
    let serverEnd = Carrier.pipe(ends.0)
    let clientEnd = Carrier.pipe(ends.1)
    return (
      Transport(loop: serverLoop, carrier: serverEnd, peerAddress: .pipe, tls: server),
      Transport(loop: clientLoop, carrier: clientEnd, peerAddress: .pipe, tls: client)
    )
  }
}

/// A socket whose connect() has begun.
func beginConnecting(to address: SocketAddress, limits: NetLimits) throws(NetError) -> Int32 {
  let descriptor = martlet_stream_socket(address.family)
  guard descriptor >= 0 else { throw .systemCall(name: "socket", code: martlet_errno()) }
  do throws(NetError) {
    setConnectionOptions(descriptor, address, limits)
    let code = try address.withKernelForm { pointer, length in
      Glibc.connect(descriptor, pointer, length) == 0 ? 0 : martlet_errno()
    }
    guard code == 0 || code == EINPROGRESS else {
      throw .systemCall(name: "connect to \(address)", code: code)
    }
    return descriptor
  } catch {
    Glibc.close(descriptor)
    throw error
  }
}

/// No Nagle delay, and a bound on how long the kernel waits for a silent peer.
func setConnectionOptions(_ descriptor: Int32, _ address: SocketAddress, _ limits: NetLimits) {
  guard address.family != AF_UNIX else { return }
  _ = martlet_set_socket_option(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  let milliseconds = Int32(clamping: limits.unacknowledgedTimeout.clampedNanoseconds / 1_000_000)
  _ = martlet_set_socket_option(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, milliseconds)
  _ = martlet_set_socket_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
  for (option, value) in [
    (TCP_KEEPIDLE, Int32(clamping: limits.tcpKeepaliveIdle.components.seconds)),
    (TCP_KEEPINTVL, Int32(clamping: limits.tcpKeepaliveInterval.components.seconds)),
    (TCP_KEEPCNT, 4),
  ] {
    _ = martlet_set_socket_option(descriptor, Int32(IPPROTO_TCP), option, max(1, value))
  }
}
