internal import MartletHTTP2
internal import MartletNet

/// A channel's connection and the calls that wait for one.
///
/// Confined to its loop.
final class ChannelCore: @unchecked Sendable {
  let loop: EventLoop
  let limits: ClientLimits
  private let configuration: ChannelConfiguration
  private let connector: Connector
  private var life: ChannelLife
  private var tls: TLSContext?
  /// The connection that takes new calls.
  ///
  /// One that was sent away lives on with its calls, held by the loop.
  private var connection: ClientConnection?
  private var attempt: ConnectAttempt?
  private var waiting: [ClientCallCore] = []
  private var closeWaiters: [UnsafeContinuation<Void, Never>] = []
  /// Connections that are not yet closed, the current one included.
  private var openConnections: [ObjectIdentifier: ClientConnection] = [:]
  private let requestHeaders: RequestHeaders

  init(loop: EventLoop, connector: Connector, configuration: ChannelConfiguration) {
    self.loop = loop
    self.connector = connector
    self.configuration = configuration
    limits = configuration.limits
    life = ChannelLife(backoff: configuration.backoff)
    requestHeaders = RequestHeaders(
      isSecure: configuration.security != .plaintext,
      authority: connector.authority,
      userAgent: configuration.userAgent
    )
  }

  // MARK: Calls

  /// Puts a call on the connection, or keeps it until there is one, or fails it.
  func start(_ call: ClientCallCore) {
    switch life.call(waitForReady: call.options.waitForReady) {
    case .fail(let error): call.fail(error)
    case .wait(let connect):
      wait(call)
      if connect { beginAttempt() }
    case .start:
      guard let connection, connection.take(call) else { return wait(call) }
    }
  }

  func stopWaiting(_ call: ClientCallCore) {
    waiting.removeAll { $0 === call }
  }

  /// The call's stream went down with its connection, which will say why.
  func streamLost(_ call: ClientCallCore, with connection: HTTP2Connection) {
    guard let owner = openConnections[ObjectIdentifier(connection)] else {
      return call.streamClosed(code: nil, cause: "the connection was lost")
    }
    owner.lostCalls.append(call)
  }

  func headers(_ path: String, _ metadata: Metadata, timeLeft: Duration?) -> HTTP2HeaderList {
    requestHeaders.headers(path: path, timeLeft: timeLeft, metadata: metadata)
  }

  private func wait(_ call: ClientCallCore) {
    guard waiting.count < limits.maxWaitingCalls else {
      return call.fail(RPCError(.resourceExhausted, "too many calls wait for a connection"))
    }
    waiting.append(call)
  }

  /// Puts as many waiting calls on the connection as it takes.
  func startWaitingCalls() {
    guard case .ready = life.state, let connection else { return }
    var started = 0
    // A call that fails inside `take` leaves `waiting` by itself, so the list is looked at anew
    // each time.
    while started < waiting.count, connection.take(waiting[started]) { started += 1 }
    waiting.removeFirst(started)
  }

  // MARK: Connecting

  private func beginAttempt() {
    do throws(NetError) {
      let attempt = ConnectAttempt(channel: self, connector: connector, tls: try tlsContext())
      self.attempt = attempt
      attempt.begin(timeout: configuration.connectTimeout)
    } catch {
      attemptFailed("cannot use the trust roots: \(error)")
    }
  }

  private func tlsContext() throws(NetError) -> TLSContext? {
    guard case .tls(let trust, _) = configuration.security else { return nil }
    if let tls { return tls }
    let roots: TLSClientConfiguration.TrustRoots =
      switch trust {
      case .system: .system
      case .pemFile(let path): .file(path)
      }
    let context = try TLSContext.client(TLSClientConfiguration(trustRoots: roots))
    tls = context
    return context
  }

  /// The certificate's name, under TLS.
  var serverName: String? {
    guard case .tls(_, let serverName) = configuration.security else { return nil }
    return serverName ?? connector.host
  }

  var http2: HTTP2Configuration { HTTP2Configuration(configuration) }

  /// Lets go of it, too: it holds the channel.
  private func stopAttempt() {
    attempt?.stop()
    attempt = nil
  }

  func attemptSucceeded(_ connection: ClientConnection) {
    attempt = nil
    guard life.connected() else { return connection.close() }
    self.connection = connection
    startWaitingCalls()
  }

  func attemptFailed(_ reason: String) {
    attempt = nil
    let cause = "cannot connect to \(connector.authority): \(reason)"
    let random = Double.random(in: 0..<1)
    guard let delay = life.attemptFailed(cause: cause, random: random) else { return }
    let impatient = waiting.filter { !$0.options.waitForReady }
    waiting.removeAll { !$0.options.waitForReady }
    for call in impatient { call.fail(RPCError(.unavailable, cause)) }
    loop.schedule(after: delay) { [weak self] in
      guard let self, life.backoffElapsed(callsWait: !waiting.isEmpty) else { return }
      beginAttempt()
    }
  }

  func opened(_ connection: ClientConnection, _ http2: HTTP2Connection) {
    openConnections[ObjectIdentifier(http2)] = connection
  }

  /// The connection takes no more calls.
  func lost(_ lost: ClientConnection) {
    guard lost === connection else { return }
    connection = nil
    if life.lost(callsWait: !waiting.isEmpty) { beginAttempt() }
  }

  func closed(_ http2: HTTP2Connection) {
    openConnections[ObjectIdentifier(http2)] = nil
    guard openConnections.isEmpty else { return }
    let waiters = closeWaiters
    closeWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  // MARK: Closing

  /// Why calls end whose connection is lost.
  func lossError(_ cause: String) -> RPCError? {
    life.state == .closed ? RPCError(.cancelled, "the channel was closed") : nil
  }

  /// The channel is forgotten: no new calls, those that run may end.
  func abandon() {
    guard life.close() else { return }
    stopAttempt()
    failWaitingCalls("the channel was forgotten")
    connection?.drain()
  }

  /// Ends everything and waits until the connections are closed.
  ///
  /// On the loop.
  func close() async {
    if life.close() {
      stopAttempt()
      failWaitingCalls("the channel was closed")
    }
    for connection in openConnections.values { connection.close() }
    guard !openConnections.isEmpty else { return }
    await withUnsafeContinuation { closeWaiters.append($0) }
  }
}

extension ChannelCore {
  /// No connection will ever take them.
  private func failWaitingCalls(_ reason: String) {
    let calls = waiting
    waiting = []
    for call in calls { call.fail(RPCError(.cancelled, reason)) }
  }
}

extension HTTP2Configuration {
  init(_ channel: ChannelConfiguration) {
    self.init()
    limits.maxHeaderListBytes = channel.limits.maxHeaderListBytes
    limits.streamWindowBytes = channel.limits.streamWindowBytes
    limits.connectionWindowBytes = channel.limits.connectionWindowBytes
    limits.streamHighWaterBytes = channel.limits.sendHighWaterBytes
    limits.streamLowWaterBytes = channel.limits.sendLowWaterBytes
    limits.prefaceTimeout = channel.connectTimeout
    keepaliveInterval = channel.keepaliveInterval
    keepaliveTimeout = channel.keepaliveTimeout
  }
}
