internal import CLinux
internal import Glibc

/// Which connections begin with a PROXY header.
package struct ProxyProtocol: Hashable, Sendable {
  /// The load balancers' addresses; nil trusts whoever connects.
  ///
  /// A connection from elsewhere is closed. Of a Unix socket's peers the file's permissions decide.
  package var trustedNetworks: [Network]?

  package init(trustedNetworks: [Network]? = nil) {
    self.trustedNetworks = trustedNetworks
  }

  func trusts(_ peer: SocketAddress) -> Bool {
    guard let trustedNetworks, peer.ipBytes != nil else { return true }
    return trustedNetworks.contains { $0.contains(peer) }
  }
}

/// An accepted socket whose PROXY header is still to come.
///
/// It takes the header's bytes from the socket and none of those behind it, so that TLS or HTTP/2 finds
/// the socket as if the client itself had connected. Confined to its loop.
final class ProxyReader: EventSource {
  private let loop: EventLoop
  private var descriptor: Int32
  private var parser = ProxyHeaderParser()
  private var timer: LoopTimer?
  private var completion: ((Int32, ProxyHeader) -> Void)?

  /// `completion` gets the descriptor and the header; without a good header it is not called.
  init(
    _ descriptor: Int32,
    on loop: EventLoop,
    completion: @escaping (Int32, ProxyHeader) -> Void
  ) {
    self.descriptor = descriptor
    self.loop = loop
    self.completion = completion
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  func start() {
    do throws(NetError) {
      try loop.register(self, descriptor: descriptor, events: UInt32(martlet_epoll_in))
    } catch { return }
    loop.acceptedCount += 1
    timer = loop.schedule(after: loop.limits.proxyHeaderTimeout) { [unowned self] in end() }
  }

  override func handleEvents(_ events: UInt32) {
    guard completion != nil else { return }
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      let wanted = min(parser.bytesWanted, buffer.count)
      let count = read(descriptor, &buffer, wanted)
      guard count > 0 else {
        if count < 0, [EAGAIN, EINTR].contains(martlet_errno()) { return }
        return end()
      }
      do throws(ProxyHeaderError) {
        guard let header = try parser.feed(buffer[..<count]) else { continue }
        return finish(header)
      } catch {
        return end()
      }
    }
  }

  override func loopWillStop() {
    end()
  }

  private func finish(_ header: ProxyHeader) {
    let completion = self.completion
    let descriptor = self.descriptor
    leave()
    self.descriptor = -1
    completion?(descriptor, header)
  }

  private func end() {
    guard completion != nil else { return }
    leave()
    Glibc.close(descriptor)
    descriptor = -1
  }

  private func leave() {
    completion = nil
    timer?.cancel()
    timer = nil
    loop.unregister(self, descriptor: descriptor)
    loop.acceptedCount -= 1
  }
}
