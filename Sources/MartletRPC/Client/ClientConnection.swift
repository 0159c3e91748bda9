internal import MartletHTTP2
internal import MartletNet

/// What carries a channel's bytes: sockets, or, in tests, whatever makes a transport.
enum Dialer: Sendable {
  case sockets
  case transport(@Sendable (EventLoop) throws(NetError) -> Transport)
}

/// One connection of a subchannel: an attempt first, then a place for calls, then, with the calls
/// that are left, on its way out.
///
/// Confined to its loop, which keeps it until it is closed.
final class ClientConnection: HTTP2ConnectionDelegate, @unchecked Sendable {
  private enum Phase { case connecting, ready, leaving, closed }

  private let channel: ChannelCore
  private let subchannel: Subchannel
  private var phase = Phase.connecting
  private var http2: HTTP2Connection?
  private var timer: LoopTimer?
  /// Why it was given up, where this side did that.
  private var reason: String?
  /// Calls that it has carried in its life.
  private var callCount = 0
  /// Calls whose streams went down with the connection.
  var lostCalls: [ClientCallCore] = []

  /// Begins to connect.
  init(_ channel: ChannelCore, _ subchannel: Subchannel) {
    self.channel = channel
    self.subchannel = subchannel
  }

  func connect(_ endpoint: Endpoint, _ dialer: Dialer, tls: TLSContext?) throws(NetError) {
    let http2: HTTP2Connection
    switch dialer {
    case .sockets:
      http2 = HTTP2Connection.connect(
        to: endpoint.address,
        on: channel.loop,
        tls: tls,
        serverName: channel.serverName,
        configuration: channel.http2,
        delegate: self
      )
    case .transport(let make):
      http2 = HTTP2Connection(
        role: .client,
        transport: try make(channel.loop),
        configuration: channel.http2,
        delegate: self
      )
    }
    self.http2 = http2
    channel.opened(self, http2)
    let timeout = channel.connectTimeout
    timer = channel.loop.schedule(after: timeout) { [weak self] in
      self?.close(reason: "no answer within \(timeout)")
    }
  }

  /// Opens a stream for the call.
  ///
  /// False when the connection takes none now.
  func take(_ call: ClientCallCore) -> Bool {
    guard phase == .ready, let http2, callCount < channel.limits.maxCallsPerConnection,
      http2.canOpenStream, call.open(on: http2)
    else { return false }
    callCount += 1
    if callCount == channel.limits.maxCallsPerConnection {
      // Not at once: whoever brought the call is still at it.
      channel.loop.execute { [self] in retire() }
    }
    return true
  }

  private func retire() {
    guard phase == .ready else { return }
    leave()
    subchannel.lost(self, cause: "the connection has carried its calls")
  }

  var wasUsed: Bool { callCount > 0 }

  /// Takes no new calls and closes when those that run have ended; an attempt is given up.
  func leave() {
    switch phase {
    case .connecting: close(reason: "given up")
    case .ready:
      phase = .leaving
      closeIfUnused()
    case .leaving, .closed: break
    }
  }

  func close(reason: String? = nil) {
    if self.reason == nil { self.reason = reason }
    if phase != .closed { phase = .leaving }
    http2?.close()
  }

  private func closeIfUnused() {
    if phase == .leaving, let http2, http2.openStreamCount == 0 { http2.drain() }
  }

  // MARK: The connection speaks

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {
    guard phase == .connecting else { return }
    phase = .ready
    timer?.cancel()
    subchannel.becameReady(self)
  }

  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  {
    preconditionFailure("a client's connection takes no streams from its server")
  }

  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {
    guard phase == .ready else { return }
    phase = .leaving
    channel.sentAway(connection, code)
    subchannel.lost(self, cause: "the server sent its clients away (code \(code.rawValue))")
  }

  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {
    if phase == .ready { channel.startWaitingCalls() } else { closeIfUnused() }
  }

  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {
    let reason = reason ?? error.map { "\($0)" } ?? "the server closed the connection"
    phase = .closed
    timer?.cancel()
    timer = nil
    http2 = nil
    channel.closed(connection)
    subchannel.lost(self, cause: reason)
    let calls = lostCalls
    lostCalls = []
    for call in calls { call.connectionLost(channel.lossError(reason)) }
  }
}
