public import CoreMetrics
public import MartletRPC
internal import Synchronization

/// Counts and times calls, with the names of gRPC's own metrics
/// ([A66](https://github.com/grpc/proposal/blob/master/A66-otel-stats.md)).
///
/// On a server, `grpc.server.call.`, on a client `grpc.client.call.` and then
///
/// - `started`: a counter, by `grpc.method`;
/// - `duration`: a timer, by `grpc.method` and `grpc.status`, until the handler is through or, on a
///   client, until the caller has the status;
/// - `sent_total_compressed_message_size`, `rcvd_total_compressed_message_size`: recorders of the
///   bytes of all messages of a call, by the same;
/// - `retries`, `transparent_retries`, on a client: recorders of how often a call was sent again, by
///   `grpc.method`, for calls that were
///   ([A96](https://github.com/grpc/proposal/blob/master/A96-retry-otel-stats.md)).
///
/// `grpc.method` is the method's path without its first slash. A client's metrics have `grpc.target`
/// besides. A call that was sent again is counted once among the calls; A66's metrics of single
/// attempts (`grpc.client.attempt.`) there are none.
public final class CallMetrics: Sendable {
  private let factory: any MetricsFactory
  private let target: String?
  private let instruments = Mutex<[Key: Instruments]>([:])

  private struct Key: Hashable {
    var side: Side
    var method: String
    var what: What
  }

  private enum What: Hashable {
    case start
    case end(StatusCode)
    case retries(isTransparent: Bool)
  }

  private enum Side: String {
    case server, client
  }

  /// What the calls of one method with one status are recorded in.
  private enum Instruments {
    case start(Counter)
    case end(Timer, sent: Recorder, received: Recorder)
    case retries(Recorder)
  }

  /// Creates the metrics.
  ///
  /// - Parameters:
  ///   - target: the value of a client's `grpc.target`, such as its server's name.
  ///   - factory: where to record; that of `MetricsSystem` by default.
  public init(target: String? = nil, factory: any MetricsFactory = MetricsSystem.factory) {
    self.target = target
    self.factory = factory
  }

  private func started(_ side: Side, _ method: String) {
    guard case .start(let counter) = instruments(Key(side: side, method: method, what: .start))
    else { return }
    counter.increment()
  }

  private func ended(
    _ side: Side,
    _ method: String,
    _ error: RPCError?,
    _ duration: Duration,
    _ traffic: CallTraffic
  ) {
    let key = Key(side: side, method: method, what: .end(error?.code ?? .ok))
    guard case .end(let timer, let sent, let received) = instruments(key) else { return }
    timer.recordNanoseconds(Int64(duration / .nanoseconds(1)))
    sent.record(side == .server ? traffic.responseBytes : traffic.requestBytes)
    received.record(side == .server ? traffic.requestBytes : traffic.responseBytes)
  }

  private func retried(_ method: String, _ count: Int, isTransparent: Bool) {
    guard count > 0 else { return }
    let key = Key(side: .client, method: method, what: .retries(isTransparent: isTransparent))
    if case .retries(let recorder) = instruments(key) { recorder.record(count) }
  }

  /// Made when first needed: an instrument a method and status, of which there are few.
  private func instruments(_ key: Key) -> Instruments {
    instruments.withLock { known in
      if let found = known[key] { return found }
      let new = make(key)
      known[key] = new
      return new
    }
  }

  private func make(_ key: Key) -> Instruments {
    let prefix = "grpc.\(key.side.rawValue).call."
    var dimensions = [("grpc.method", String(key.method.dropFirst()))]
    if key.side == .client, let target { dimensions.append(("grpc.target", target)) }
    func recorder(_ name: String) -> Recorder {
      Recorder(label: prefix + name, dimensions: dimensions, aggregate: true, factory: factory)
    }
    switch key.what {
    case .start:
      let label = prefix + "started"
      return .start(Counter(label: label, dimensions: dimensions, factory: factory))
    case .retries(let isTransparent):
      return .retries(recorder(isTransparent ? "transparent_retries" : "retries"))
    case .end(let code):
      dimensions.append(("grpc.status", code.name))
      return .end(
        Timer(label: prefix + "duration", dimensions: dimensions, factory: factory),
        sent: recorder("sent_total_compressed_message_size"),
        received: recorder("rcvd_total_compressed_message_size")
      )
    }
  }
}

extension CallMetrics: ServerInterceptor {
  /// Counts the call, and times its handler.
  public func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    let start = ContinuousClock.now
    started(.server, call.method)
    var failure: (any Error)?
    do { try await next() } catch { failure = error }
    let status = call.status(throwing: failure)
    ended(.server, call.method, status, ContinuousClock.now - start, call.traffic)
    if let failure { throw failure }
  }
}

extension CallMetrics: ClientInterceptor {
  /// Counts the call, and times it until the caller has its status.
  public func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
    let start = ContinuousClock.now
    started(.client, call.method)
    call.onEnd { [self] error in
      ended(.client, call.method, error, ContinuousClock.now - start, call.traffic)
      let retries = call.retries
      retried(call.method, retries.underPolicy, isTransparent: false)
      retried(call.method, retries.transparent, isTransparent: true)
    }
    try await next()
  }
}
