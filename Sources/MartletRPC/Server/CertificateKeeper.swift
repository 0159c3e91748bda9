internal import MartletNet
internal import Synchronization

/// A listener's certificates, and their successors.
///
/// Connections keep what they were opened with; a listener gets the new context on its own loop, between
/// two turns, so each connection has either all of the old or all of the new.
final class CertificateKeeper: Sendable {
  private struct State {
    var context: TLSContext
    /// Of the files that were last read, whether they were any good or not.
    var stamps: [FileStamp]
    var listeners: [(EventLoop, Listener)] = []
  }

  private let files: TLSServerConfiguration
  private let interval: Duration?
  private let report: (@Sendable (Result<Void, RPCError>) -> Void)?
  /// Shared by all contexts, so that a reload does not make every client start anew.
  private let ticketKeys: TicketKeys
  private let state: Mutex<State>
  /// One reads at a time, or an older reading could replace a newer one.
  private let reading = Mutex(())

  /// Reads the files.
  init(_ tls: ServerConfiguration.TLS) throws(RPCError) {
    files = TLSServerConfiguration(tls)
    interval = tls.reloadInterval
    report = tls.onReload
    ticketKeys = TicketKeys(lifetime: tls.sessionTicketLifetime)
    let stamps = files.files.map { FileStamp(of: $0) }
    do throws(NetError) {
      let context = try TLSContext.server(files, ticketKeys: ticketKeys)
      state = Mutex(State(context: context, stamps: stamps))
    } catch {
      throw Self.failure(error)
    }
  }

  /// For connections from now on.
  var context: TLSContext { state.withLock { $0.context } }

  /// `listener` is told of every new context.
  func add(_ listener: Listener, on loop: EventLoop) {
    state.withLock { $0.listeners.append((loop, listener)) }
  }

  /// Reads the files again, and returns when every listener has the result.
  func reload() async throws(RPCError) {
    do {
      try await offLoop { [self] in try reading.withLock { _ in try read() } }
    } catch {
      throw error as? RPCError ?? RPCError(.internal, "\(error)")
    }
    await waitForListeners()
  }

  /// What was put on the listeners' loops before has been done when this returns.
  private func waitForListeners() async {
    for (loop, _) in state.withLock({ $0.listeners }) {
      await withUnsafeContinuation { continuation in loop.execute { continuation.resume() } }
    }
  }

  private func read() throws(RPCError) {
    let stamps = files.files.map { FileStamp(of: $0) }
    state.withLock { $0.stamps = stamps }
    do throws(NetError) {
      publish(try TLSContext.server(files, ticketKeys: ticketKeys))
    } catch {
      throw Self.failure(error)
    }
  }

  private func publish(_ context: TLSContext) {
    let listeners = state.withLock { state in
      state.context = context
      return state.listeners
    }
    for (loop, listener) in listeners { loop.execute { listener.tls = context } }
  }

  // MARK: By itself

  /// Looks at the files at every interval, until `loop` stops; on the loop.
  func watch(on loop: EventLoop) {
    guard let interval else { return }
    loop.schedule(after: interval) { [self] in
      Task { @concurrent in await lookAtFiles() }
      watch(on: loop)
    }
  }

  private func lookAtFiles() async {
    // With the pool's queue full it looks later.
    let result = try? await offLoop { [self] in readIfChanged() }
    guard let result = result ?? nil else { return }
    await waitForListeners()
    report?(result)
  }

  private func readIfChanged() -> Result<Void, RPCError>? {
    reading.withLock { _ in
      let stamps = files.files.map { FileStamp(of: $0) }
      guard state.withLock({ $0.stamps }) != stamps else { return nil }
      return Result { () throws(RPCError) in try read() }
    }
  }

  private static func failure(_ error: NetError) -> RPCError {
    RPCError(.failedPrecondition, "cannot use the certificate: \(error)")
  }
}
