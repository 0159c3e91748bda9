internal import MartletNet
internal import MartletWire
internal import Synchronization

/// One call of a method that has interceptors.
///
/// Confined to the call's loop.
struct ServerInterception<Request: Message, Response: Message> {
  let core: ServerCallCore
  let interceptors: [any ServerInterceptor]
  let handler:
    @Sendable (MessageStream<Request>, MessageWriter<Response>, ServerCall) async throws -> Void

  func run(givesOneResponse: Bool) async throws {
    let requests = MessageStream<Request>(core)
    guard givesOneResponse else {
      return try await step(0, requests, MessageWriter<Response>(core))
    }
    try await step(0, requests, heldBackWriter)
    if core.onlyResponse == nil { throw ServerCallCore.noResponse }
  }

  private func step(
    _ index: Int,
    _ requests: MessageStream<Request>,
    _ responses: MessageWriter<Response>
  ) async throws {
    guard index < interceptors.count else {
      return try await handler(requests, responses, core.call)
    }
    try await interceptors[index].intercept(requests, responses, core.call) { requests, responses in
      try await step(index + 1, requests, responses)
    }
  }

  /// Keeps the one response until all interceptors are through.
  private var heldBackWriter: MessageWriter<Response> {
    let core = core
    return MessageWriter(core) { response throws(RPCError) in
      let frame = try core.frame(response)
      guard !core.loop.isCurrent else { return try core.holdBack(frame) }
      try await core.hop { () async throws(RPCError) in try core.holdBack(frame) }
    }
  }
}

extension ServerCallCore {
  /// Takes the response of a call that has exactly one.
  func holdBack(_ frame: [UInt8]) throws(RPCError) {
    guard onlyResponse == nil else {
      throw RPCError(.internal, "more than one response to a call that has one")
    }
    onlyResponse = frame
    sent.count(messageBytes: frame.count - Envelope.prefixLength)
  }

  static let noResponse = RPCError(.internal, "neither the handler nor an interceptor answered")
}

/// One message that a closure leaves for the code around it.
final class Held<Element: Sendable>: Sendable {
  private let element: Mutex<Element?>

  init() { element = Mutex(nil) }

  /// `consuming`: what is taken out again may then be held by nobody else.
  init(_ element: consuming Element) { self.element = Mutex(element) }

  func put(_ element: Element) {
    self.element.withLock { $0 = element }
  }

  func take() -> Element? {
    element.withLock { $0.take() }
  }
}
