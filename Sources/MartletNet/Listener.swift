/// A listening socket of one loop.
package final class Listener: EventSource, @unchecked Sendable {
  /// What it is bound to; a port 0 has been replaced.
  package let address: SocketAddress
  /// TLS of connections accepted from now on (set on the loop); nil for plaintext.
  package var tls: TLSContext?

  /// Binds and listens; from any thread. Accepting begins with `start()`.
  ///
  /// Several loops listen to one TCP address with `sharesPort` (SO_REUSEPORT): the kernel spreads
  /// connections over them. A stale Unix socket file is replaced.
  ///
  /// - Parameter onAccept: called on the loop with a transport that waits for `open(delegate:)`.
  package init(
    loop: EventLoop,
    address: SocketAddress,
    sharesPort: Bool = false,
    tls: TLSContext? = nil,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    fatalError("coming")
  }

  /// Another loop's listener on the same (Unix) socket.
  package init(
    sharing other: Listener,
    loop: EventLoop,
    onAccept: @escaping (Transport) -> Void
  ) throws(NetError) {
    fatalError("coming")
  }

  /// Begins to accept; on the loop.
  package func start() throws(NetError) { fatalError("coming") }
  /// Stops listening for good; on the loop. Accepted connections live on.
  package func close() { fatalError("coming") }
}
