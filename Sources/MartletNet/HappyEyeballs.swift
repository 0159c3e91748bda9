internal import CLinux
internal import Glibc

/// Connects to whichever of a host's addresses answers first (RFC 8305).
///
/// The attempts are staggered by `NetLimits.connectionAttemptDelay`. Only TCP is raced: TLS, which
/// costs both sides more, follows on the connection that won. Confined to its loop.
package final class HappyEyeballs {
  private let loop: EventLoop
  private let addresses: [SocketAddress]
  private var race: ConnectionRace
  private var attempts: [Int: ConnectingSocket] = [:]
  private var timer: LoopTimer?
  private var completion: ((Result<ConnectedSocket, NetError>) -> Void)?

  /// Prepares to connect; `start` begins.
  ///
  /// Of more addresses than `NetLimits.maxAddressesTried` the first ones are tried.
  package init(_ addresses: [SocketAddress], on loop: EventLoop) {
    self.loop = loop
    let ordered = ConnectionRace.interleaved(addresses)
    self.addresses = Array(ordered.prefix(loop.limits.maxAddressesTried))
    race = ConnectionRace(count: self.addresses.count)
  }

  /// Connects, and calls `completion` once on the loop, never within this call.
  ///
  /// On the loop. It lives until then by itself.
  package func start(completion: @escaping (Result<ConnectedSocket, NetError>) -> Void) {
    assert(loop.isCurrent)
    precondition(self.completion == nil && !race.isOver, "a race starts once")
    self.completion = completion
    follow(race.start())
  }

  /// Gives up without calling the completion.
  ///
  /// On the loop; harmless when it is over.
  package func cancel() {
    assert(loop.isCurrent)
    completion = nil
    stop()
  }

  private func follow(_ actions: [ConnectionRace.Action]) {
    for action in actions {
      switch action {
      case .connect(let index): connect(index)
      case .startTimer: startTimer()
      case .won(let index): finish(winner: index)
      case .lost(let error): finish(.failure(error))
      }
    }
  }

  private func connect(_ index: Int) {
    let socket = ConnectingSocket(to: addresses[index], on: loop) { [self] result in
      guard completion != nil else { return }
      switch result {
      case .success: follow(race.connected(index))
      case .failure(let error):
        attempts[index] = nil
        follow(race.failed(index, error))
      }
    }
    attempts[index] = socket
    socket.start()
  }

  private func startTimer() {
    timer?.cancel()
    timer = loop.schedule(after: loop.limits.connectionAttemptDelay) { [weak self] in
      guard let self else { return }
      follow(race.delayPassed())
    }
  }

  private func finish(winner index: Int) {
    guard let descriptor = attempts[index]?.takeDescriptor() else {
      return finish(.failure(.stopped))
    }
    let socket = ConnectedSocket(descriptor: descriptor, address: addresses[index], loop: loop)
    finish(.success(socket))
  }

  private func finish(_ result: Result<ConnectedSocket, NetError>) {
    let completion = self.completion
    self.completion = nil
    stop()
    completion?(result)
  }

  private func stop() {
    timer?.cancel()
    timer = nil
    for attempt in attempts.values { attempt.cancel() }
    attempts = [:]
  }
}

/// A socket that is connected and waits to become a transport.
///
/// Confined to its loop. Closed when it is let go.
package final class ConnectedSocket {
  /// Where it is connected to.
  package let address: SocketAddress
  private let loop: EventLoop
  private var descriptor: Int32

  init(descriptor: Int32, address: SocketAddress, loop: EventLoop) {
    self.descriptor = descriptor
    self.address = address
    self.loop = loop
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Makes it a transport that waits for `open(delegate:)`, which begins the TLS handshake.
  ///
  /// Once. With `tls`, `serverName` is the name that the server's certificate must bear (and SNI).
  package func transport(
    tls: TLSContext? = nil,
    serverName: String? = nil
  ) throws(NetError) -> Transport {
    guard descriptor >= 0 else { throw .closedByPeer }
    var session: TLSSession?
    if let tls { session = try TLSSession(tls, serverName: serverName, address: address) }
    defer { descriptor = -1 }
    return Transport(
      loop: loop,
      carrier: .socket(descriptor),
      peerAddress: address,
      tls: session
    )
  }
}

/// One connect() under way, confined to its loop.
private final class ConnectingSocket: EventSource, @unchecked Sendable {
  private let loop: EventLoop
  private let address: SocketAddress
  private var completion: ((Result<Void, NetError>) -> Void)?
  private var descriptor: Int32 = -1
  private var timer: LoopTimer?

  init(
    to address: SocketAddress,
    on loop: EventLoop,
    completion: @escaping (Result<Void, NetError>) -> Void
  ) {
    self.address = address
    self.loop = loop
    self.completion = completion
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  func start() {
    do throws(NetError) {
      descriptor = try beginConnecting(to: address, limits: loop.limits)
      try loop.register(self, descriptor: descriptor, events: UInt32(martlet_epoll_out))
      timer = loop.schedule(after: loop.limits.connectTimeout) { [unowned self] in
        finish(.failure(.timeout("connect to \(address)")))
      }
    } catch {
      // Not from within `start`: whoever called it is not ready to hear.
      loop.execute { [self] in finish(.failure(error)) }
    }
  }

  override func handleEvents(_ events: UInt32) {
    guard completion != nil else { return }
    let code = martlet_socket_error(descriptor)
    guard code == 0 else {
      return finish(.failure(.systemCall(name: "connect to \(address)", code: code)))
    }
    finish(.success(()))
  }

  override func loopWillStop() {
    finish(.failure(.stopped))
  }

  private func finish(_ result: Result<Void, NetError>) {
    let completion = self.completion
    release()
    completion?(result)
    if case .failure = result { close() }
  }

  /// Hands the connected socket over.
  func takeDescriptor() -> Int32? {
    defer { descriptor = -1 }
    return descriptor >= 0 ? descriptor : nil
  }

  func cancel() {
    release()
    close()
  }

  private func release() {
    completion = nil
    timer?.cancel()
    timer = nil
    if place >= 0 { loop.unregister(self, descriptor: descriptor) }
  }

  private func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
  }
}
