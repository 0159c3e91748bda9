internal import MartletNet

/// The way to one address: its connections, mostly one.
///
/// Confined to its loop. What it may do when, `SubchannelLife` says.
final class Subchannel: @unchecked Sendable {
  let id: SubchannelID
  let endpoint: Endpoint
  private let channel: ChannelCore
  /// Those that take calls.
  private var connections: [ClientConnection] = []
  private var attempt: ClientConnection?
  /// When a further connection may be tried, after one that failed.
  private var growsAgain = MonotonicTime(nanoseconds: 0)
  private var isReleased = false

  init(_ channel: ChannelCore, _ id: SubchannelID, _ endpoint: Endpoint) {
    self.channel = channel
    self.id = id
    self.endpoint = endpoint
  }

  /// Begins an attempt; its outcome comes later.
  func connect() {
    guard attempt == nil else { return }
    let connection = ClientConnection(channel, self)
    attempt = connection
    do throws(NetError) {
      try connection.connect(endpoint, channel.dialer, tls: try channel.tlsContext())
    } catch {
      // Not at once: whoever asked for it is still carrying out its list.
      channel.loop.execute { [self] in lost(connection, cause: "\(error)") }
    }
  }

  /// Puts the call on a connection; false when none takes it now.
  func take(_ call: ClientCallCore) -> Bool {
    for connection in connections where connection.take(call) { return true }
    return false
  }

  /// Makes another connection if the bound allows it.
  func grow() {
    guard !connections.isEmpty, attempt == nil, !isReleased,
      connections.count < channel.limits.maxConnectionsPerEndpoint,
      growsAgain <= channel.loop.now
    else { return }
    connect()
  }

  /// Takes no new calls; those that run may end.
  func release() {
    isReleased = true
    let leaving = connections + [attempt].compactMap(\.self)
    connections = []
    attempt = nil
    for connection in leaving { connection.leave() }
  }

  // MARK: The connections speak

  func becameReady(_ connection: ClientConnection) {
    guard connection === attempt else { return connection.leave() }
    attempt = nil
    connections.append(connection)
    if connections.count == 1 { channel.connected(self) } else { channel.startWaitingCalls() }
  }

  /// The connection takes no more calls, or was never made.
  func lost(_ connection: ClientConnection, cause: String) {
    if connection === attempt {
      attempt = nil
      growsAgain = channel.loop.now + channel.growthDelay
      if connections.isEmpty { channel.attemptFailed(self, cause: cause) }
    } else if let index = connections.firstIndex(where: { $0 === connection }) {
      connections.remove(at: index)
      guard connections.isEmpty else { return }
      channel.lost(self, wasUsed: connection.wasUsed, cause: cause)
    }
  }
}
