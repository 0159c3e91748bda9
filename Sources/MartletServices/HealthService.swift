public import MartletRPC
internal import MartletWire
internal import Synchronization

/// Answers gRPC's health checks, version 1: whether the server, and each of its services, can serve.
///
/// The service named "" is the server as a whole. Safe to use from any task.
///
/// Protocol: <https://github.com/grpc/grpc/blob/master/doc/health-checking.md>
public final class HealthService: GRPCHealthHandler {
  /// How a service is.
  public typealias Status = GRPCHealthCheckResponse.ServingStatus

  /// Services that `List` tells of in one response; with more it is RESOURCE_EXHAUSTED.
  public static let maxListedServices = 100

  /// Names that a question may have, bytes; a longer one is INVALID_ARGUMENT: who watches is
  /// remembered for long.
  public static let maxNameBytes = 1_024

  fileprivate struct State {
    var statuses: [String: Status] = [:]
    var isShutDown = false
    var watchers: [Int: Watcher] = [:]
    var nextWatcher = 0
  }

  fileprivate struct Watcher {
    let service: String
    let statuses: AsyncStream<Status>.Continuation
  }

  private let state = Mutex(State())

  /// Creates the service: all that is named serves, and so does the server as a whole.
  ///
  /// - Parameter services: what the server serves.
  public init(_ services: [RPCService] = []) {
    state.withLock { state in
      for name in [""] + services.map(\.name) { state.statuses[name] = .serving }
    }
  }

  /// The status of a service now; nil for one that is not known.
  ///
  /// - Parameter service: its full name; "" for the server as a whole.
  /// - Returns: its status.
  public func status(of service: String) -> Status? {
    state.withLock { $0.statuses[service] }
  }

  /// How many calls watch.
  package var watcherCount: Int { state.withLock { $0.watchers.count } }

  /// Sets the status of a service and tells all that watch it.
  ///
  /// Between `shutdown()` and `resume()` it does nothing.
  ///
  /// - Parameters:
  ///   - status: the status; nil forgets the service.
  ///   - service: its full name; "" for the server as a whole.
  public func set(_ status: Status?, for service: String) {
    state.withLock { state in
      if !state.isShutDown { state.set(status, for: service) }
    }
  }

  /// Says of every service that it does not serve, until `resume()`: call it before the server drains,
  /// so that load balancers look elsewhere.
  public func shutdown() {
    state.withLock { state in
      state.isShutDown = true
      for service in state.statuses.keys { state.set(.notServing, for: service) }
    }
  }

  /// Says of every service that it serves, and takes changes again.
  public func resume() {
    state.withLock { state in
      state.isShutDown = false
      for service in state.statuses.keys { state.set(.serving, for: service) }
    }
  }
}

// MARK: The calls

extension HealthService {
  /// Answers `Check`.
  public func check(
    _ request: GRPCHealthCheckRequest,
    _ call: ServerCall
  ) async throws -> GRPCHealthCheckResponse {
    guard let status = status(of: try Self.name(in: request)) else {
      throw RPCError(.notFound, "no such service")
    }
    return .with { $0.status = status }
  }

  /// Answers `List`.
  public func list(
    _ request: GRPCHealthListRequest,
    _ call: ServerCall
  ) async throws -> GRPCHealthListResponse {
    let statuses = state.withLock { $0.statuses }
    guard statuses.count <= Self.maxListedServices else {
      throw RPCError(.resourceExhausted, "there are more than \(Self.maxListedServices) services")
    }
    return .with { response in
      response.statuses = statuses.mapValues { status in .with { $0.status = status } }
    }
  }

  /// Answers `Watch`: a slow reader misses statuses that were overtaken, never the last one.
  ///
  /// When the call's server shuts down, the last status is NOT_SERVING and the call ends with
  /// UNAVAILABLE: a watcher would hold up the shutdown for all its grace, and shall look elsewhere.
  public func watch(
    _ request: GRPCHealthCheckRequest,
    _ responses: MessageWriter<GRPCHealthCheckResponse>,
    _ call: ServerCall
  ) async throws {
    let (statuses, continuation) = AsyncStream.makeStream(
      of: Status.self,
      bufferingPolicy: .bufferingNewest(1)
    )
    let service = try Self.name(in: request)
    let watcher = state.withLock {
      $0.add(Watcher(service: service, statuses: continuation))
    }
    defer { state.withLock { state in state.watchers[watcher] = nil } }
    call.onShutdown {
      continuation.yield(.notServing)
      continuation.finish()
    }
    var last: Status?
    for await status in statuses where status != last {
      last = status
      try await responses.send(.with { $0.status = status })
    }
    try Task.checkCancellation()
    throw RPCError(.unavailable, "the server is shutting down")
  }
}

extension HealthService {
  private static func name(in request: GRPCHealthCheckRequest) throws(RPCError) -> String {
    guard request.service.utf8.count <= maxNameBytes else {
      throw RPCError(.invalidArgument, "the service's name is longer than \(maxNameBytes) bytes")
    }
    return request.service
  }
}

extension HealthService.State {
  fileprivate mutating func set(_ status: HealthService.Status?, for service: String) {
    statuses[service] = status
    for watcher in watchers.values where watcher.service == service {
      watcher.statuses.yield(status ?? .serviceUnknown)
    }
  }

  fileprivate mutating func add(_ watcher: HealthService.Watcher) -> Int {
    nextWatcher += 1
    watchers[nextWatcher] = watcher
    watcher.statuses.yield(statuses[watcher.service] ?? .serviceUnknown)
    return nextWatcher
  }
}
