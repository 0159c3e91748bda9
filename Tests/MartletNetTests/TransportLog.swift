import Glibc
import Testing

@testable import MartletNet

/// Runs `body` on the loop's thread and returns what it returns.
func on<T: Sendable>(
  _ loop: EventLoop,
  _ body: @escaping @Sendable () throws -> T
) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    loop.execute { continuation.resume(with: Result { try body() }) }
  }
}

/// Waits until `condition`, looked at on the loop, holds; fails after five seconds.
func eventually(
  _ loop: EventLoop,
  _ what: Comment,
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: @escaping @Sendable () -> Bool
) async throws {
  for _ in 0..<2_500 {
    if try await on(loop, condition) { return }
    try await Task.sleep(for: .milliseconds(2))
  }
  Issue.record(what, sourceLocation: sourceLocation)
}

/// Records what a transport tells; echoes if told so.
final class TransportLog: TransportDelegate, @unchecked Sendable {
  var transport: Transport?
  var opened = 0
  var openedAfterClosing = 0
  var bytes: [UInt8] = []
  var ended = 0
  var closed: [NetError?] = []
  var echoes = false
  var toSend: [UInt8] = []
  var duringFlush: (() -> Void)?

  /// Sends more, as soon as it is connected.
  func write(_ bytes: [UInt8]) {
    toSend += bytes
    transport?.setNeedsFlush()
  }

  func transportDidOpen(_ transport: Transport) {
    opened += 1
    if transport.socketDescriptor == nil, transport.peerAddress != .pipe { openedAfterClosing += 1 }
    if !toSend.isEmpty { transport.setNeedsFlush() }
  }
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {
    self.bytes.append(contentsOf: bytes)
    if echoes { transport.write(bytes) }
  }
  func transportDidReachEnd(_ transport: Transport) {
    ended += 1
    transport.closeInOrder()
  }
  func transportWillFlush(_ transport: Transport) {
    let piece = toSend
    toSend = []
    piece.withUnsafeBytes { transport.write($0) }
    duringFlush?()
  }
  func transportDidClose(_ transport: Transport, error: NetError?) { closed.append(error) }
}

/// A listener on a loop of its own, and clients of it on the same loop.
final class Port: @unchecked Sendable {
  let loop: EventLoop
  private(set) var accepted: [TransportLog] = []
  private(set) var listener: Listener?

  init(
    limits: NetLimits = NetLimits(),
    configuration: ListenerConfiguration,
    tls: TLSContext? = nil,
    peers: PeerTable? = nil,
    echoes: Bool = true
  ) async throws {
    loop = try EventLoop(limits: limits)
    try loop.start()
    let listener = try Listener(loop: loop, configuration: configuration, tls: tls, peers: peers) {
      [unowned self] transport in
      let log = TransportLog()
      log.echoes = echoes
      log.transport = transport
      accepted.append(log)
      transport.open(delegate: log)
    }
    self.listener = listener
    try await on(loop) { try listener.start() }
  }

  convenience init(
    limits: NetLimits = NetLimits(),
    address: SocketAddress = .loopback(port: 0),
    tls: TLSContext? = nil,
    echoes: Bool = true
  ) async throws {
    let configuration = ListenerConfiguration(address: address)
    try await self.init(limits: limits, configuration: configuration, tls: tls, echoes: echoes)
  }

  func connect(
    to address: SocketAddress? = nil,
    tls: TLSContext? = nil,
    name: String? = nil,
    send: [UInt8] = []
  ) async throws -> TransportLog {
    try await on(loop) { [self] in
      let log = TransportLog()
      log.toSend = send
      log.transport = Transport.connect(
        to: try address ?? #require(listener).address,
        on: loop,
        tls: tls,
        serverName: name,
        delegate: log
      )
      return log
    }
  }

  func stop() async {
    await loop.stopAndWait()
  }
}
