internal import Glibc
internal import Logging
internal import MartletNet
internal import MartletRPC
internal import MartletServices
internal import WorkoutService
internal import WorkoutStore

/// Parts -> run -> drain.
struct Daemon {
  private let settings: ServerSettings

  init(_ settings: ServerSettings) { self.settings = settings }

  /// Runs until a signal asks it to stop.
  func run() async throws {
    // A write beyond the file size limit, or to a closed pipe, is to be an error, not the end.
    _ = signal(SIGXFSZ, SIG_IGN)
    _ = signal(SIGPIPE, SIG_IGN)
    // Before the keys and the certificate, which are OpenSSL's too.
    Server.prepareFolding()
    let logger = makeLogger()
    let data = DataDirectory(settings.data)
    try data.create()
    let signals = try Signals()
    let store = try await openStore(data, logger)
    do {
      try await serve(store, data, signals, logger)
    } catch {
      await store.close()
      throw error
    }
  }

  private func serve(
    _ store: SQLiteStore,
    _ data: DataDirectory,
    _ signals: Signals,
    _ logger: Logger
  ) async throws {
    let certificate = try data.certificate(for: settings.security)
    let backend = WorkoutBackend(store: store, signer: try data.signer(), logger: logger)
    let health = HealthService(backend.services)
    let server = Server(
      configuration: try await configuration(certificate, logger),
      services: services(backend.services + [health.service]),
      interceptors: backend.interceptors
    )
    let addresses = try start(server)
    let time = Task { try await backend.keepTime() }
    announce(addresses, certificate, logger)
    signals.onHangUp {
      Task { await reloadCertificates(of: server, logger) }
    }
    let name = await signals.wait()
    logger.notice("stopping", metadata: ["signal": "\(name)"])
    health.shutdown()
    backend.stopStreams()
    await server.shutdown(grace: settings.drain)
    time.cancel()
    await store.close()
    logger.notice("stopped")
  }

  /// The services, with reflection where it is asked for.
  private func services(_ services: [RPCService]) -> [RPCService] {
    settings.reflection ? services + ReflectionService(services).services : services
  }

  private func makeLogger() -> Logger {
    LoggingSystem.bootstrap { label in StreamLogHandler.standardError(label: label) }
    var logger = Logger(label: "martletd")
    logger.logLevel = settings.logLevel
    return logger
  }

  private func openStore(
    _ data: DataDirectory,
    _ logger: Logger
  ) async throws(StartFailure) -> SQLiteStore {
    var configuration = StoreConfiguration(
      root: data.store,
      now: ServiceClock.system.wallMilliseconds
    )
    // Most are found at the start, some when a file is first read, or by a chore in the background.
    configuration.onProblem = { problem in
      logger.error("data-problem", metadata: ["problem": "\(problem)"])
    }
    if let buckets = settings.buckets { configuration.buckets = buckets }
    do throws(StoreError) {
      return try await SQLiteStore.open(configuration)
    } catch {
      throw StartFailure(error, data: data.path)
    }
  }

  private func configuration(
    _ certificate: DataDirectory.Certificate?,
    _ logger: Logger
  ) async throws(StartFailure) -> ServerConfiguration {
    var listeners: [ServerConfiguration.Listener] = []
    for address in settings.listen {
      switch address {
      case .unix(let path): listeners.append(.init(.unix(path: path)))
      case .tcp(let host, let port):
        let address = try await resolved(host, port)
        listeners.append(.init(.tcp(host: address, port: port), tls: tls(certificate, logger)))
      }
    }
    var configuration = ServerConfiguration(listeners: listeners, loops: settings.loops)
    configuration.onUnexpectedError = { error, method in
      logger.error("handler-failed", metadata: ["method": "\(method)", "reason": "\(error)"])
    }
    return configuration
  }

  private func tls(
    _ certificate: DataDirectory.Certificate?,
    _ logger: Logger
  ) -> ServerConfiguration.TLS? {
    guard let certificate else { return nil }
    var tls = ServerConfiguration.TLS(
      certificateChainFile: certificate.certificate,
      privateKeyFile: certificate.key
    )
    tls.onReload = { Self.log($0, logger) }
    return tls
  }

  private func reloadCertificates(of server: Server, _ logger: Logger) async {
    do throws(RPCError) {
      try await server.reloadCertificates()
      Self.log(.success(()), logger)
    } catch {
      Self.log(.failure(error), logger)
    }
  }

  private static func log(_ reload: Result<Void, RPCError>, _ logger: Logger) {
    switch reload {
    case .success: logger.notice("certificate-reloaded")
    case .failure(let error):
      logger.error("certificate-not-reloaded", metadata: ["reason": "\(error.message)"])
    }
  }

  /// A server listens on an address: a name stands for its first, IPv4 before IPv6.
  private func resolved(_ host: String, _ port: Int) async throws(StartFailure) -> String {
    do {
      let found = try await Resolver.resolve(host: host, port: UInt16(clamping: port))
      for case .v4(let bytes, _) in found { return bytes.map { String($0) }.joined(separator: ".") }
      // "[::1]:7443" without brackets and port.
      let first = found.first?.description ?? ""
      return String(first.dropFirst().prefix { $0 != "]" })
    } catch {
      throw .usage("--listen \(host): \(error)")
    }
  }

  private func start(_ server: Server) throws(StartFailure) -> [MartletRPC.SocketAddress] {
    do throws(RPCError) {
      return try server.start()
    } catch {
      guard error.code == .unavailable else {
        throw StartFailure(
          exitCode: .configuration,
          message: "\(error.message). Give a readable PEM certificate and its key."
        )
      }
      throw StartFailure(
        exitCode: .unavailable,
        message: "\(error.message). If another program has the port, stop it or choose another "
          + "with --listen."
      )
    }
  }

  private func announce(
    _ addresses: [MartletRPC.SocketAddress],
    _ certificate: DataDirectory.Certificate?,
    _ logger: Logger
  ) {
    for address in addresses {
      StandardStream.output.writeLine("listening on \(address)")
      logger.notice(
        "listening",
        metadata: [
          "address": "\(address)", "data": "\(settings.data)", "loops": "\(settings.loops)",
          "tls": "\(certificate != nil)",
        ]
      )
    }
    if let certificate {
      StandardStream.output.writeLine("certificate \(certificate.certificate)")
    } else {
      logger.warning("serving WITHOUT TLS: passwords and tokens cross the network readable")
    }
  }
}
