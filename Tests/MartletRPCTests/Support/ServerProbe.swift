import Glibc
@testable import MartletNet

/// A connection on which `bytes` have gone out before the client's own.
func connected(
  to address: MartletNet.SocketAddress,
  sending bytes: [UInt8] = [],
  tls: TLSContext? = nil,
  on loop: EventLoop
) throws(NetError) -> Transport {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  let code = try address.withKernelForm { Glibc.connect(descriptor, $0, $1) }
  guard code == 0, write(descriptor, bytes, bytes.count) == bytes.count,
    fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0
  else { throw .systemCall(name: "connect", code: errno) }
  var session: TLSSession?
  if let tls { session = try TLSSession(tls, serverName: "localhost", address: address) }
  return Transport(loop: loop, carrier: .socket(descriptor), peerAddress: address, tls: session)
}

/// Shakes hands with a TLS server on this machine, and goes.
final class ServerProbe: TransportDelegate, @unchecked Sendable {
  private var continuation: CheckedContinuation<String?, any Error>?

  /// The subject of the certificate that the server shows.
  static func subject(port: Int, _ context: TLSContext) async throws -> String? {
    let loop = try EventLoop()
    try loop.start()
    let probe = ServerProbe()
    let result: Result<String?, any Error>
    do {
      let subject: String? = try await withCheckedThrowingContinuation { continuation in
        loop.execute {
          probe.continuation = continuation
          _ = Transport.connect(
            to: .loopback(port: UInt16(port)),
            on: loop,
            tls: context,
            serverName: "localhost",
            delegate: probe
          )
        }
      }
      result = .success(subject)
    } catch {
      result = .failure(error)
    }
    await loop.stopAndWait()
    return try result.get()
  }

  func transportDidOpen(_ transport: Transport) {
    continuation?.resume(returning: transport.peerCertificate?.subject)
    continuation = nil
    transport.close()
  }
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {}
  func transportDidReachEnd(_ transport: Transport) {}
  func transportWillFlush(_ transport: Transport) {}
  func transportDidClose(_ transport: Transport, error: NetError?) {
    continuation?.resume(throwing: error ?? .closedByPeer)
    continuation = nil
  }
}
