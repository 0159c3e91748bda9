public import Logging
public import MartletRPC

/// Writes one line for each call when it is over: method, peer, status, duration, what went each
/// way, and the request's identifier.
///
/// Put it first, so that it sees what the other interceptors make of a call. It logs no metadata and
/// no message of a status, which may hold secrets or names; `includesStatusMessages` adds the
/// latter, control characters escaped. A line of a server:
///
///     info: call method=/martlet.v1.LiveService/Watch peer=192.0.2.7:50123 status=OK
///           duration-ms=12.431 requests=1 request-bytes=24 responses=9 response-bytes=1204
///           request-id=3f6c…
///
/// A client's has no peer. The client sends the identifier along, in `x-request-id`: that of the
/// call being answered, where the server has `callPropagation` and `AccessLog`, or a new one.
public struct AccessLog: Sendable {
  private let logger: Logger
  private let level: @Sendable (StatusCode) -> Logger.Level
  private let includesStatusMessages: Bool

  /// Creates the log.
  ///
  /// - Parameters:
  ///   - logger: where the lines go.
  ///   - includesStatusMessages: whether the text of a status is logged too; it may hold what users
  ///     wrote.
  ///   - level: the level of a line, by the call's status.
  public init(
    _ logger: Logger,
    includesStatusMessages: Bool = false,
    level: @escaping @Sendable (StatusCode) -> Logger.Level = { _ in .info }
  ) {
    self.logger = logger
    self.level = level
    self.includesStatusMessages = includesStatusMessages
  }

  private func log(
    _ method: String,
    _ error: RPCError?,
    since start: ContinuousClock.Instant,
    _ traffic: CallTraffic,
    _ additions: Logger.Metadata
  ) {
    let code = error?.code ?? .ok
    let level = level(code)
    guard logger.logLevel <= level else { return }
    var fields: Logger.Metadata = [
      "method": "\(method)",
      "status": "\(code.name)",
      "duration-ms": "\(milliseconds(since: start))",
      "requests": "\(traffic.requestMessages)",
      "request-bytes": "\(traffic.requestBytes)",
      "responses": "\(traffic.responseMessages)",
      "response-bytes": "\(traffic.responseBytes)",
    ]
    if includesStatusMessages, let error { fields["message"] = "\(oneLine(error.message))" }
    fields.merge(additions) { _, new in new }
    logger.log(level: level, "call", metadata: fields)
  }

  /// The text without what could end a line or steer a terminal: a peer may have written it.
  private func oneLine(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator, .format:
        line += "\\u{\(String(scalar.value, radix: 16))}"
      default: line.unicodeScalars.append(scalar)
      }
    }
    return line
  }

  /// To a microsecond.
  private func milliseconds(since start: ContinuousClock.Instant) -> Double {
    let microseconds = (ContinuousClock.now - start) / .microseconds(1)
    return microseconds.rounded() / 1_000
  }
}

extension AccessLog: ServerInterceptor {
  /// Logs the call when its handler is through.
  public func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    let start = ContinuousClock.now
    let id = RequestID.of(call.metadata)
    call[RequestID.self] = id
    var failure: (any Error)?
    do { try await next() } catch { failure = error }
    log(
      call.method,
      call.status(throwing: failure),
      since: start,
      call.traffic,
      ["peer": "\(call.peerAddress)", "request-id": "\(id)"]
    )
    if let failure { throw failure }
  }
}

extension AccessLog: ClientInterceptor {
  /// Logs the call when it is over.
  public func intercept(_ call: OutgoingCall, next: () async throws -> Void) async throws {
    let start = ContinuousClock.now
    let known = call.metadata[RequestID.metadataName] ?? ServerCall.current?[RequestID.self]
    let id = known ?? RequestID.make()
    try call.metadata.set(id, for: RequestID.metadataName)
    call.onEnd { error in
      log(call.method, error, since: start, call.traffic, ["request-id": "\(id)"])
    }
    try await next()
  }
}
