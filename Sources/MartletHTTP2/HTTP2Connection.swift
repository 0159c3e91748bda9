package import MartletNet

/// The user of a connection. Every call comes on the connection's loop.
package protocol HTTP2ConnectionDelegate: AnyObject {
  /// The peer speaks HTTP/2 and its SETTINGS came.
  func connectionDidBecomeReady(_ connection: HTTP2Connection)
  /// Server: a request begins. The stream tells the returned object all that follows.
  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  /// The peer will take no new streams; those it did not process are closed with `refusedStream`.
  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode)
  /// A stream closed or the peer's settings changed: `openStream` may succeed again.
  func connectionDidChangeCapacity(_ connection: HTTP2Connection)
  /// The last call, after every stream's `streamDidClose`. nil after an orderly end.
  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?)
}

/// An HTTP/2 session over a transport, as server or as client. Confined to the transport's loop.
///
/// The loop keeps it alive until it is closed; it keeps its delegate so long.
package final class HTTP2Connection: @unchecked Sendable {
  package enum Role: Sendable { case server, client }

  package let role: Role
  package let transport: Transport
  package let configuration: HTTP2Configuration
  package var loop: EventLoop { transport.loop }

  /// For an accepted transport, one that connects, or a pipe's end; opens it if need be.
  package init(
    role: Role,
    transport: Transport,
    configuration: HTTP2Configuration = HTTP2Configuration(),
    delegate: any HTTP2ConnectionDelegate
  ) {
    self.role = role
    self.transport = transport
    self.configuration = configuration
  }

  /// Client: connects to `address`.
  package static func connect(
    to address: SocketAddress,
    on loop: EventLoop,
    tls: TLSContext? = nil,
    serverName: String? = nil,
    configuration: HTTP2Configuration = HTTP2Configuration(),
    delegate: any HTTP2ConnectionDelegate
  ) -> HTTP2Connection {
    fatalError("coming")
  }

  /// From the peer's first SETTINGS until closed.
  package var isReady: Bool { fatalError("coming") }
  /// We or the peer sent GOAWAY.
  package var isDraining: Bool { fatalError("coming") }
  package var isClosed: Bool { fatalError("coming") }
  package var openStreamCount: Int { fatalError("coming") }
  /// Client: `openStream` would succeed.
  package var canOpenStream: Bool { fatalError("coming") }

  /// Client: sends a request's head.
  package func openStream(
    _ headers: HTTP2HeaderList,
    endStream: Bool = false,
    delegate: any HTTP2StreamDelegate
  ) throws(HTTP2Error) -> HTTP2Stream {
    fatalError("coming")
  }

  /// Sends a PING; `completion` gets the round trip's time, or nil if the connection closed first.
  package func ping(_ completion: @escaping (Duration?) -> Void) {}

  /// Takes no new streams (GOAWAY), lets those that are open end, then closes. A server first sends a
  /// notice and waits a round trip, so that requests under way are not lost.
  package func drain() {}

  /// Cuts the connection: GOAWAY with `code` if it can still be sent, all streams closed.
  package func close(_ code: HTTP2ErrorCode = .noError) {}
}
