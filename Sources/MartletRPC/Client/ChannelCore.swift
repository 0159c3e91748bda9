internal import MartletHTTP2
internal import MartletNet

/// A channel at work: carries out what its life says, and keeps the calls that wait.
///
/// Confined to its loop.
final class ChannelCore: @unchecked Sendable {
  let loop: EventLoop
  let limits: ClientLimits
  /// What holds for a call that asks for nothing else.
  let messageBounds: MessageBounds
  let dialer: Dialer
  let configuration: ChannelConfiguration
  private let target: ChannelTarget
  private let log: ConnectivityLog
  private let requestHeaders: RequestHeaders
  /// The header blocks of calls that add nothing of their own, of the methods called last.
  @exclusivity(unchecked) private var plainHeaders: [(path: String, headers: HTTP2HeaderList)] = []
  @exclusivity(unchecked) private var plainHeadersTurn = 0
  @exclusivity(unchecked) var encodings: ChannelEncodings
  let credentials: (any CallCredentials)?
  /// Nil when no rule lets a call be made again, so that calls look nothing up.
  fileprivate let retryRules: RetryConfiguration?
  let isSecure: Bool
  let authority: String
  private var tls: TLSContext?

  @exclusivity(unchecked) private var life: ChannelLife
  private var isCarryingOut = false
  private var wakeTimer: LoopTimer?
  private var wakesAt: MonotonicTime?
  private var resolving: Task<Void, Never>?
  private var resolveTimer: LoopTimer?
  private var lastResolution = 0

  private var subchannels: [SubchannelID: Subchannel] = [:]
  /// Those that take calls, in turns.
  @exclusivity(unchecked) private var ready: [Subchannel] = []
  @exclusivity(unchecked) private var turn = Int.random(in: 0..<1 << 16)

  @exclusivity(unchecked) private var waiting = WaitingCalls()
  @exclusivity(unchecked) private(set) var openCalls = 0
  @exclusivity(unchecked) private var lastCallEnded: MonotonicTime
  /// Connections that are not yet closed, with those that take no more calls.
  private var openConnections: [ObjectIdentifier: ClientConnection] = [:]
  /// Calls between two attempts, and before the first where they are given credentials.
  fileprivate var preparing: [ObjectIdentifier: ClientCallCore] = [:]
  private(set) var keepaliveInterval: Duration?
  @exclusivity(unchecked) fileprivate var throttle: RetryThrottle
  /// Bytes that all calls together keep to be sent again.
  @exclusivity(unchecked) fileprivate var replayBytes = 0
  @exclusivity(unchecked) var statistics = ChannelStatistics()
  private var closeWaiters: [UnsafeContinuation<Void, Never>] = []

  init(
    loop: EventLoop,
    target: ChannelTarget,
    dialer: Dialer,
    configuration: ChannelConfiguration,
    log: ConnectivityLog
  ) {
    self.loop = loop
    self.target = target
    self.dialer = dialer
    self.configuration = configuration
    self.log = log
    limits = configuration.limits
    messageBounds = MessageBounds(
      maxReceivedBytes: limits.maxResponseMessageBytes,
      maxSentBytes: limits.maxRequestMessageBytes
    )
    life = ChannelLife(configuration)
    lastCallEnded = .read()
    keepaliveInterval = configuration.keepaliveInterval
    encodings = ChannelEncodings(configuration.compression, loop: loop)
    throttle = RetryThrottle(configuration.retries.throttling)
    retryRules = configuration.retries.isEmpty ? nil : configuration.retries
    credentials = configuration.credentials
    isSecure = configuration.security != .plaintext
    authority = target.authority
    requestHeaders = RequestHeaders(
      isSecure: isSecure,
      authority: authority,
      userAgent: configuration.userAgent,
      accepted: encodings.accepted
    )
  }

  // MARK: Calls

  /// Puts a call on a connection, or keeps it until there is one, or fails it.
  func start(_ call: ClientCallCore) {
    if waiting.isEmpty, take(call) { return }
    let action = life.call(waitForReady: call.options.waitForReady, .read())
    switch action {
    case .fail(let error): call.unreachable(error)
    case .start, .wait: wait(call)
    }
    if !life.actions.isEmpty || life.nextWake != wakesAt { carryOut() }
  }

  func callBegan() {
    openCalls += 1
    statistics.callsStarted += 1
  }

  func callEnded(isOK: Bool) {
    openCalls -= 1
    lastCallEnded = loop.now
    if isOK {
      statistics.callsSucceeded += 1
      throttle.succeeded()
    } else {
      statistics.callsFailed += 1
    }
  }

  func stopWaiting(_ call: ClientCallCore) { waiting.remove(call) }

  /// The call's stream went down with its connection, which will say why.
  func streamLost(_ call: ClientCallCore, with connection: HTTP2Connection) {
    guard let owner = openConnections[ObjectIdentifier(connection)] else {
      return call.connectionLost(RPCError(.unavailable, "the connection was lost"))
    }
    owner.lostCalls.append(call)
  }

  func headers(
    _ path: String,
    _ metadata: Metadata,
    encoding: CompressionAlgorithm,
    authority: String?,
    timeLeft: Duration?
  ) -> HTTP2HeaderList {
    var own = requestHeaders
    if let authority {
      own = RequestHeaders(
        isSecure: isSecure,
        authority: authority,
        userAgent: configuration.userAgent,
        accepted: encodings.accepted
      )
    }
    return own.headers(path: path, timeLeft: timeLeft, encoding: encoding, metadata: metadata)
  }

  /// The header block of a call that has neither metadata nor a deadline, nor anything else of its
  /// own.
  func plainHeaders(_ path: String) -> HTTP2HeaderList {
    for known in plainHeaders where known.path == path { return known.headers }
    let headers = requestHeaders.headers(
      path: path,
      timeLeft: nil,
      encoding: .identity,
      metadata: Metadata()
    )
    if plainHeaders.count < Self.maxPlainHeaders {
      plainHeaders.append((path, headers))
    } else {
      plainHeaders[plainHeadersTurn] = (path, headers)
      plainHeadersTurn = (plainHeadersTurn + 1) % Self.maxPlainHeaders
    }
    return headers
  }

  private static var maxPlainHeaders: Int { 16 }

  private func wait(_ call: ClientCallCore) {
    guard waiting.count < limits.maxWaitingCalls else {
      return call.fail(RPCError(.resourceExhausted, "too many calls wait for a connection"))
    }
    waiting.append(call)
  }

  /// Puts the call on the next subchannel that takes it.
  private func take(_ call: ClientCallCore) -> Bool {
    guard let first = nextReady() else { return false }
    if first.take(call) { return true }
    for _ in 1..<max(ready.count, 1) {
      if let next = nextReady(), next.take(call) { return true }
    }
    for subchannel in ready { subchannel.grow() }
    return false
  }

  private func nextReady() -> Subchannel? {
    guard !ready.isEmpty else { return nil }
    turn &+= 1
    return ready[turn % ready.count]
  }

  /// Puts as many waiting calls on connections as these take.
  func startWaitingCalls() {
    // One that fails within `take` has left the list by itself.
    while let call = waiting.first, take(call) { waiting.remove(call) }
  }

  // MARK: Connecting

  /// Makes connections before the first call.
  func connect() { change { $0.connect(.read()) } }

  func resetBackoff() { change { $0.resetBackoff(.read()) } }

  func tlsContext() throws(NetError) -> TLSContext? {
    guard case .tls(let rules) = configuration.security else { return nil }
    if let tls { return tls }
    do throws(NetError) {
      let context = try TLSContext.client(TLSClientConfiguration(rules))
      tls = context
      return context
    } catch {
      throw .tls("cannot use the trust roots or the certificate: \(error)")
    }
  }

  /// The certificate's name, under TLS.
  var serverName: String? {
    guard case .tls(let rules) = configuration.security else { return nil }
    return rules.serverName ?? target.serverName
  }

  /// How the next connection behaves.
  var http2: HTTP2Configuration {
    var http2 = HTTP2Configuration(configuration)
    http2.keepaliveInterval = keepaliveInterval
    return http2
  }

  /// A server sent its clients away; one that was asked for signs of life too often wants to be
  /// asked half as often (gRPC's proposal A8).
  func sentAway(_ connection: HTTP2Connection, _ code: HTTP2ErrorCode) {
    guard code == .enhanceYourCalm, connection.goAwayText == "too_many_pings" else { return }
    keepaliveInterval = keepaliveInterval.map { max($0, min($0 * 2, Self.longestKeepalive)) }
  }

  /// However often a server sends its clients away, it is asked once a day.
  private static let longestKeepalive: Duration = .seconds(86_400)

  var connectTimeout: Duration { configuration.connectTimeout }
  /// How long to wait with a further connection after one that failed.
  var growthDelay: Duration { configuration.backoff.initial }

  func connected(_ subchannel: Subchannel) {
    change { $0.connected(subchannel.id, .read()) }
  }

  func attemptFailed(_ subchannel: Subchannel, cause: String) {
    let cause = describe(cause, at: subchannel.endpoint)
    change { $0.attemptFailed(subchannel.id, cause: cause, .read(), random: Self.random) }
  }

  func lost(_ subchannel: Subchannel, wasUsed: Bool, cause: String) {
    let cause = describe(cause, at: subchannel.endpoint)
    change {
      $0.lost(subchannel.id, wasUsed: wasUsed, cause: cause, .read(), random: Self.random)
    }
  }

  func opened(_ connection: ClientConnection, _ http2: HTTP2Connection) {
    openConnections[ObjectIdentifier(http2)] = connection
  }

  func closed(_ http2: HTTP2Connection) {
    openConnections[ObjectIdentifier(http2)] = nil
    encodings.forget(ObjectIdentifier(http2))
    guard openConnections.isEmpty else { return }
    let waiters = closeWaiters
    closeWaiters = []
    for waiter in waiters { waiter.resume() }
  }

  private static var random: Double { .random(in: 0..<1) }

  private func describe(_ cause: String, at endpoint: Endpoint?) -> String {
    let authority = target.authority
    let place = endpoint.map { "\($0)" == authority ? "" : " (\($0))" } ?? ""
    return "cannot connect to \(authority)\(place): \(cause)"
  }

  // MARK: Carrying out

  /// Tells the life what happened and does what it says.
  private func change(_ event: (inout ChannelLife) -> Void) {
    life.callsWait = !waiting.isEmpty
    event(&life)
    carryOut()
  }

  private func carryOut() {
    // What happens within is taken up by the round that is under way.
    guard !isCarryingOut else { return }
    isCarryingOut = true
    while !life.actions.isEmpty {
      let actions = life.actions
      life.actions = []
      for action in actions { perform(action) }
    }
    isCarryingOut = false
    ready = life.ready.compactMap { subchannels[$0] }
    log.append(life.state)
    setWakeTimer()
    if case .transientFailure(let error) = life.state { failImpatientCalls(error) }
    startWaitingCalls()
  }

  private func perform(_ action: ChannelLife.Action) {
    switch action {
    case .resolve: beginResolving()
    case .connect(let id, let endpoint):
      statistics.connectionAttempts += 1
      let subchannel = subchannels[id] ?? Subchannel(self, id, endpoint)
      subchannels[id] = subchannel
      subchannel.connect()
    case .release(let id): subchannels.removeValue(forKey: id)?.release()
    }
  }

  private func setWakeTimer() {
    guard life.nextWake != wakesAt else { return }
    wakeTimer?.cancel()
    wakeTimer = nil
    wakesAt = life.nextWake
    guard let wakesAt else { return }
    wakeTimer = loop.schedule(after: wakesAt - .read()) { [weak self] in
      guard let self else { return }
      self.wakesAt = nil
      let unusedSince = openCalls > 0 ? nil : lastCallEnded
      change { $0.wake(.read(), unusedSince: unusedSince) }
    }
  }

  private func failImpatientCalls(_ error: RPCError) {
    for call in waiting.removeAll(where: { !$0.options.waitForReady }) { call.unreachable(error) }
  }

  // MARK: Resolving

  private func beginResolving() {
    lastResolution += 1
    let number = lastResolution
    if let fixed = target.resolver as? FixedResolver {
      return finishResolving(number, .success(NameResolution(fixed.endpoints)))
    }
    resolving?.cancel()
    resolving = Task(executorPreference: loop) { [loop, resolver = target.resolver, weak self] in
      let result: Result<NameResolution, any Error>
      do { result = .success(try await resolver.resolve()) } catch { result = .failure(error) }
      loop.execute { [weak self] in self?.finishResolving(number, result) }
    }
    let timeout = connectTimeout
    resolveTimer = loop.schedule(after: timeout) { [weak self] in
      self?.finishResolving(number, .failure(NetError.timeout("resolving the name")))
    }
  }

  private func finishResolving(_ number: Int, _ result: Result<NameResolution, any Error>) {
    guard number == lastResolution else { return }
    stopResolving()
    switch result {
    case .success(var resolution):
      resolution.endpoints = Array(resolution.endpoints.prefix(max(limits.maxEndpoints, 0)))
      change { $0.resolved(resolution, .read(), random: Self.random) }
    case .failure(let error):
      let cause = describe("\(error)", at: nil)
      change { $0.resolutionFailed(cause: cause, .read(), random: Self.random) }
    }
  }

  private func stopResolving() {
    lastResolution += 1
    resolving?.cancel()
    resolving = nil
    resolveTimer?.cancel()
    resolveTimer = nil
  }

  // MARK: Closing

  /// Why calls end whose connection is lost.
  func lossError(_ cause: String) -> RPCError {
    life.isClosed
      ? RPCError(.cancelled, "the channel was closed")
      : RPCError(.unavailable, "the connection was lost: \(cause)")
  }

  /// The channel is forgotten: no new calls, those that run may end.
  func abandon() {
    takeNoMore("the channel was forgotten")
  }

  /// Takes no new calls, lets those that run end within `grace`, and waits until the connections
  /// are closed.
  ///
  /// On the loop.
  func close(grace: Duration) async {
    takeNoMore("the channel was closed")
    if grace <= .zero {
      cutConnections()
    } else if !openConnections.isEmpty {
      loop.schedule(after: grace) { [weak self] in self?.cutConnections() }
    }
    guard !openConnections.isEmpty else { return }
    await withUnsafeContinuation { closeWaiters.append($0) }
  }

  private func cutConnections() {
    for connection in openConnections.values { connection.close() }
  }

  private func takeNoMore(_ reason: String) {
    guard life.close() else { return }
    stopResolving()
    carryOut()
    let released = subchannels.values
    subchannels = [:]
    for subchannel in released { subchannel.release() }
    for call in waiting.removeAll(where: { _ in true }) + Array(preparing.values) {
      call.fail(RPCError(.cancelled, reason))
    }
  }
}

// MARK: Retries

extension ChannelCore {
  /// The policy for calls of a method; nil for none.
  func retryPolicy(at path: String) -> RetryPolicy? { retryRules?.rule(at: path).policy }

  /// How long to wait before another attempt; nil to let the failure stand.
  func retryWait(
    _ life: inout RetryLife?,
    _ code: StatusCode,
    _ pushback: RetryPushback
  ) -> Duration? {
    let random = Double.random(in: 0..<1)
    switch life?.attemptFailed(code, pushback, &throttle, random: random) {
    case .retry(let wait):
      statistics.retries += 1
      return wait
    case .throttled:
      statistics.retriesThrottled += 1
      return nil
    case .fail, nil: return nil
    }
  }

  func beganPreparing(_ call: ClientCallCore) { preparing[ObjectIdentifier(call)] = call }

  func endedPreparing(_ call: ClientCallCore) { preparing[ObjectIdentifier(call)] = nil }

  /// Whether a call may keep so many more bytes although they were sent.
  func mayHoldReplay(_ bytes: Int) -> Bool {
    replayBytes + bytes <= limits.maxReplayBytesPerChannel
  }

  /// Whether all calls together, those that wait for a connection among them, keep too many.
  var holdsTooMuchReplay: Bool { !mayHoldReplay(0) }

  func holdReplay(_ bytes: Int) { replayBytes += bytes }

  func releaseReplay(_ bytes: Int) { replayBytes -= bytes }
}

extension HTTP2Configuration {
  init(_ channel: ChannelConfiguration) {
    self.init()
    limits.maxHeaderListBytes = channel.limits.maxHeaderListBytes
    limits.streamWindowBytes = HTTP2Limits.window(channel.limits.streamWindowBytes)
    limits.connectionWindowBytes = HTTP2Limits.window(channel.limits.connectionWindowBytes)
    limits.streamHighWaterBytes = channel.limits.sendHighWaterBytes
    limits.streamLowWaterBytes = channel.limits.sendLowWaterBytes
    limits.prefaceTimeout = channel.connectTimeout
    keepaliveWithoutStreams = channel.keepaliveWithoutCalls
    stallTimeout = channel.stallTimeout
    keepaliveTimeout = channel.keepaliveTimeout
  }
}
