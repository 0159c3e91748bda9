internal import MartletNet

/// Opens a server's listeners on its loops.
struct ServerListeners {
  let loops: [ServerLoop]
  private let peers: PeerTable?
  private(set) var keepers: [CertificateKeeper] = []
  /// What is bound, in the order of the configuration.
  private(set) var addresses: [SocketAddress] = []

  /// Makes the loops and binds every address, or nothing.
  init(_ configuration: ServerConfiguration, router: Router) throws(RPCError) {
    peers = PeerTable(NetLimits(configuration.limits))
    loops = try Self.makeLoops(configuration, router)
    for listener in configuration.listeners {
      let keeper = try listener.tls.map { (tls) throws(RPCError) in try CertificateKeeper(tls) }
      do throws(NetError) {
        addresses.append(try open(listener, keeper))
      } catch {
        throw RPCError(.unavailable, "cannot listen on \(listener.address.text): \(error)")
      }
      if let keeper { keepers.append(keeper) }
    }
  }

  private static func makeLoops(
    _ configuration: ServerConfiguration,
    _ router: Router
  ) throws(RPCError) -> [ServerLoop] {
    var loops: [ServerLoop] = []
    let admission = CallAdmission(configuration.limits)
    do throws(NetError) {
      for _ in 0..<max(1, configuration.loops) {
        let loop = try ServerLoop(
          configuration: configuration,
          router: router,
          admission: admission
        )
        loops.append(loop)
      }
    } catch {
      throw RPCError(.unavailable, "no event loop: \(error)")
    }
    return loops
  }

  /// One address, on every loop.
  private func open(
    _ listener: ServerConfiguration.Listener,
    _ keeper: CertificateKeeper?
  ) throws(NetError) -> SocketAddress {
    var configuration = try ListenerConfiguration(listener)
    configuration.sharesPort = loops.count > 1
    // The loops share the port with each other, not with another server.
    if configuration.sharesPort { try Listener.checkNobodyListens(to: configuration) }
    let first = try loops[0].listen(configuration, tls: keeper?.context, peers: peers)
    keeper?.add(first, on: loops[0].loop)
    // From the second on, the port that the first one got.
    configuration.address = first.address
    for loop in loops.dropFirst() {
      let other =
        if case .unix = first.address {
          try loop.listen(sharing: first)
        } else {
          try loop.listen(configuration, tls: keeper?.context, peers: peers)
        }
      keeper?.add(other, on: loop.loop)
    }
    return SocketAddress(first.address)
  }
}

extension ListenerConfiguration {
  init(_ listener: ServerConfiguration.Listener) throws(NetError) {
    switch listener.address {
    case .tcp(let host, let port):
      guard let port = UInt16(exactly: port) else { throw .invalidAddress("port \(port)") }
      if host == "*" {
        let isDualStack = MartletNet.SocketAddress.hasIPv6
        self.init(address: try .init(host: isDualStack ? "::" : "0.0.0.0", port: port))
        self.isDualStack = isDualStack
      } else {
        self.init(address: try .init(host: host, port: port))
      }
    case .unix(let path, let permissions):
      self.init(address: .unix(path))
      self.permissions = permissions
    }
    guard let proxy = listener.proxyProtocol else { return }
    var networks: [Network]?
    for text in proxy.trustedNetworks ?? [] { networks = (networks ?? []) + [try Network(text)] }
    proxyProtocol = .init(trustedNetworks: proxy.trustedNetworks == nil ? nil : networks ?? [])
  }
}

extension ServerConfiguration.Address {
  fileprivate var text: String {
    switch self {
    case .tcp(let host, let port): "\(SocketAddress(host: host, port: port))"
    case .unix(let path, _): "\(SocketAddress(unixPath: path))"
    }
  }
}
