internal import MartletHTTP2
internal import MartletNet

/// Where a channel's bytes go: a host, or, in tests, its addresses or whatever makes a transport.
enum Connector: Sendable {
  case host(String, port: Int)
  case addresses([MartletNet.SocketAddress])
  case transport(@Sendable (EventLoop) throws(NetError) -> Transport)

  var host: String {
    switch self {
    case .host(let host, _): host
    case .addresses, .transport: "localhost"
    }
  }

  var authority: String {
    switch self {
    case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .addresses, .transport: "localhost"
    }
  }
}

/// One attempt to connect: the name's addresses, one after the other, until one answers with
/// HTTP/2's settings.
final class ConnectAttempt: @unchecked Sendable {
  private let channel: ChannelCore
  private let connector: Connector
  private let tls: TLSContext?
  private var addresses: ArraySlice<MartletNet.SocketAddress> = []
  private var current: ClientConnection?
  private var timer: LoopTimer?
  private var isOver = false

  init(channel: ChannelCore, connector: Connector, tls: TLSContext?) {
    self.channel = channel
    self.connector = connector
    self.tls = tls
  }

  func begin(timeout: Duration) {
    timer = channel.loop.schedule(after: timeout) { [weak self] in
      self?.fail("no answer within \(timeout)")
    }
    switch connector {
    case .transport(let make):
      do throws(NetError) {
        current = ClientConnection(channel, self, try make(channel.loop))
      } catch {
        fail("\(error)")
      }
    case .addresses(let addresses):
      self.addresses = addresses[...]
      connectNext(reason: "the host has no address")
    case .host(let host, let port):
      Task(executorPreference: channel.loop) { await self.resolve(host, port) }
    }
  }

  /// Gives the attempt up without a word to the channel.
  func stop() {
    isOver = true
    timer?.cancel()
    current?.close()
  }

  private func resolve(_ host: String, _ port: Int) async {
    do {
      guard let port = UInt16(exactly: port) else { throw NetError.invalidAddress("port \(port)") }
      addresses = try await Resolver.resolve(host: host, port: port)[...]
      connectNext(reason: "the host has no address")
    } catch {
      fail("\(error)")
    }
  }

  private func connectNext(reason: String) {
    guard !isOver else { return }
    guard let address = addresses.popFirst() else { return fail(reason) }
    current = ClientConnection(channel, self, address, tls: tls)
  }

  func ready(_ connection: ClientConnection) {
    guard !isOver else { return }
    isOver = true
    timer?.cancel()
    channel.attemptSucceeded(connection)
  }

  func closed(_ connection: ClientConnection, reason: String) {
    guard connection === current else { return }
    current = nil
    connectNext(reason: reason)
  }

  private func fail(_ reason: String) {
    guard !isOver else { return }
    stop()
    channel.attemptFailed(reason)
  }
}

/// One connection of a channel.
final class ClientConnection: HTTP2ConnectionDelegate {
  private let channel: ChannelCore
  private var attempt: ConnectAttempt?
  private var http2: HTTP2Connection?
  /// Calls whose streams went down with the connection.
  var lostCalls: [ClientCallCore] = []

  init(
    _ channel: ChannelCore,
    _ attempt: ConnectAttempt,
    _ address: MartletNet.SocketAddress,
    tls: TLSContext?
  ) {
    self.channel = channel
    self.attempt = attempt
    let http2 = HTTP2Connection.connect(
      to: address,
      on: channel.loop,
      tls: tls,
      serverName: channel.serverName,
      configuration: channel.http2,
      delegate: self
    )
    self.http2 = http2
    channel.opened(self, http2)
  }

  init(_ channel: ChannelCore, _ attempt: ConnectAttempt, _ transport: Transport) {
    self.channel = channel
    self.attempt = attempt
    let http2 = HTTP2Connection(
      role: .client,
      transport: transport,
      configuration: channel.http2,
      delegate: self
    )
    self.http2 = http2
    channel.opened(self, http2)
  }

  /// Opens a stream for the call.
  ///
  /// False when the connection takes none now.
  func take(_ call: ClientCallCore) -> Bool {
    guard let http2, http2.canOpenStream else { return false }
    return call.open(on: http2)
  }

  func drain() { http2?.drain() }
  func close() { http2?.close() }

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {
    attempt?.ready(self)
    attempt = nil
  }

  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  {
    preconditionFailure("a client's connection takes no streams from its server")
  }

  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {
    channel.lost(self)
  }

  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {
    channel.startWaitingCalls()
  }

  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {
    let reason = error.map { "\($0)" } ?? "the server closed the connection"
    channel.closed(connection)
    attempt?.closed(self, reason: reason)
    attempt = nil
    channel.lost(self)
    let calls = lostCalls
    lostCalls = []
    for call in calls {
      if let error = channel.lossError(reason) {
        call.fail(error)
      } else {
        call.streamClosed(code: nil, cause: "the connection was lost: \(reason)")
      }
    }
    http2 = nil
  }
}
