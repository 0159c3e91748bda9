/// Whom a transport tells. Every call comes on the transport's loop.
package protocol TransportDelegate: AnyObject {
  /// Connected, and under TLS the handshake is done: bytes may flow. Exactly once, unless closed first.
  func transportDidOpen(_ transport: Transport)
  /// Bytes came. The buffer is the loop's and is valid only during the call.
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer)
  /// The peer ended its side in order. Nothing more will be read.
  func transportDidReachEnd(_ transport: Transport)
  /// The end of a turn after `setNeedsFlush()`, or the kernel took all that was pending:
  /// call `write` now with what there is to say.
  func transportWillFlush(_ transport: Transport)
  /// The last call. `error` is nil after an orderly close by us or by the peer.
  func transportDidClose(_ transport: Transport, error: NetError?)
}

/// A connection that carries bytes: a socket or one end of an in-memory pipe, with or without TLS.
///
/// Confined to its loop, which keeps it (and it keeps its delegate) until it is closed.
package final class Transport: EventSource, @unchecked Sendable {
  package let loop: EventLoop
  package weak var delegate: (any TransportDelegate)?
  /// Who is at the other end.
  package let peerAddress: SocketAddress

  init(loop: EventLoop, peerAddress: SocketAddress) {
    self.loop = loop
    self.peerAddress = peerAddress
  }

  /// Starts to connect; `transportDidOpen` or `transportDidClose` follows. On the loop.
  ///
  /// - Parameters:
  ///   - serverName: the name that the server's certificate must bear (and SNI); only with `tls`.
  package static func connect(
    to address: SocketAddress,
    on loop: EventLoop,
    tls: TLSContext? = nil,
    serverName: String? = nil,
    delegate: any TransportDelegate
  ) -> Transport {
    fatalError("coming")
  }

  /// Two ends that talk to each other in memory, on one loop or on two.
  ///
  /// Give each end its delegate and call `open()` on its loop. With `tls` on both, the same TLS code
  /// runs over the pipe as over a socket.
  package static func pipe(
    _ firstLoop: EventLoop,
    _ secondLoop: EventLoop,
    tls: (server: TLSContext, client: TLSContext, serverName: String)? = nil
  ) -> (server: Transport, client: Transport) {
    fatalError("coming")
  }

  /// Starts an accepted or piped transport, once it has its delegate. On the loop.
  package func open(delegate: any TransportDelegate) {
    fatalError("coming")
  }

  /// True from `transportDidOpen` until closed.
  package var isOpen: Bool { fatalError("coming") }
  package var isClosed: Bool { fatalError("coming") }
  package var isSecure: Bool { fatalError("coming") }
  /// What TLS negotiated; nil without TLS or where the peer sent no ALPN.
  package var applicationProtocol: ApplicationProtocol? { fatalError("coming") }
  /// The subject of the peer's verified certificate (RFC 2253), under mutual TLS.
  package var peerCertificateSubject: String? { fatalError("coming") }

  /// Asks for `transportWillFlush` at the end of this turn; cheap to repeat.
  package func setNeedsFlush() { fatalError("coming") }
  /// Bytes that the peer did not take yet.
  package var pendingByteCount: Int { fatalError("coming") }
  /// Sends, or keeps what the kernel does not take.
  package func write(_ bytes: UnsafeRawBufferPointer) { fatalError("coming") }

  /// Stops reading from the next turn on, so that the peer feels it.
  package func pauseReading() { fatalError("coming") }
  package func resumeReading() { fatalError("coming") }

  /// Sends what is pending, ends our side, reads the peer's rest for a while, then closes.
  package func closeInOrder() { fatalError("coming") }
  /// Closes now and drops what is pending; `transportDidClose` follows at the end of the turn.
  package func close(error: NetError? = nil) { fatalError("coming") }

  func flushAtTurnEnd() { fatalError("coming") }
}
