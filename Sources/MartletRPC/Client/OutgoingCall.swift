internal import Synchronization

/// One call that a client makes, as its interceptors see it.
///
/// Safe to use from any task.
public final class OutgoingCall: Sendable {
  /// The method's path: `/martlet.v1.LiveService/Watch`.
  public let method: String
  /// How many messages go each way.
  public let kind: CallKind

  private let state: Mutex<State>

  private struct State {
    var options: CallOptions
    var core: ClientCallCore?
    var trailers = Metadata()
    /// What had gone when the attempt ended.
    var traffic: CallTraffic?
    var retries = CallRetries()
    var observers: [@Sendable (RPCError?) -> Void] = []
    /// Whether the interceptors have handed the open stream to the caller.
    var isOpen = false
    /// How the stream ended before they had.
    var early: Result<Metadata, RPCError>?
    var isOver = false
    var error: RPCError?
  }

  init(method: String, kind: CallKind, options: CallOptions) {
    self.method = method
    self.kind = kind
    state = Mutex(State(options: options))
  }

  /// What was chosen for the call; setting it once the call is under way changes nothing.
  public var options: CallOptions {
    get { state.withLock { $0.options } }
    set { state.withLock { $0.options = newValue } }
  }

  /// The metadata that goes with the call, a part of its options.
  public var metadata: Metadata {
    get { state.withLock { $0.options.metadata } }
    set { state.withLock { $0.options.metadata = newValue } }
  }

  /// The metadata that came with the status of a call that has ended.
  public var trailingMetadata: Metadata { state.withLock { $0.trailers } }

  /// How much has gone each way so far; once the call is over, with the responses that nobody has
  /// taken yet.
  public var traffic: CallTraffic {
    let (final, core) = state.withLock { ($0.traffic, $0.core) }
    return final ?? core?.traffic(sendsRequests: true) ?? CallTraffic()
  }

  /// How often the call was sent again, once it is over.
  public var retries: CallRetries { state.withLock { $0.retries } }

  /// Has `body` called once, when the call is over: nil for OK, or the error that the caller gets.
  ///
  /// The last one added is called first. For a call with one request and one response it runs in
  /// the caller's task, otherwise on an event loop; it must not block.
  ///
  /// - Parameter body: what to call; at once when the call is over already.
  public func onEnd(_ body: @escaping @Sendable (_ error: RPCError?) -> Void) {
    let (isOver, error) = state.withLock { state in
      if !state.isOver { state.observers.append(body) }
      return (state.isOver, state.error)
    }
    if isOver { body(error) }
  }

  /// The attempt that carries the call from now on.
  ///
  /// Its end is the call's with `endsCall`; otherwise the interceptors decide.
  func attach(_ core: ClientCallCore, endsCall: Bool) {
    state.withLock { state in
      state.core = core
      state.traffic = nil
    }
    core.onceEnded { [self, unowned core] result in
      let traffic = core.finalTraffic
      let retries = core.retryCounts
      state.withLock { state in
        state.traffic = traffic
        state.retries.underPolicy += retries.underPolicy
        state.retries.transparent += retries.transparent
      }
      if endsCall { streamEnded(result) } else { noteTrailers(result) }
    }
  }

  private func noteTrailers(_ result: Result<Metadata, RPCError>) {
    guard case .success(let trailers) = result else { return }
    state.withLock { $0.trailers = trailers }
  }

  /// The caller has the stream from now on, and its end is the call's.
  func opened() {
    let early = state.withLock { state in
      state.isOpen = true
      return state.early
    }
    if let early { ended(early) }
  }

  /// A stream that ends while interceptors still look at it may end because they threw it away: then
  /// their error counts.
  private func streamEnded(_ result: Result<Metadata, RPCError>) {
    let isOpen = state.withLock { state in
      if !state.isOpen { state.early = result }
      return state.isOpen
    }
    if isOpen { ended(result) }
  }

  func succeeded() {
    ended(.success(trailingMetadata))
  }

  func ended(_ result: Result<Metadata, RPCError>) {
    let (error, trailers): (RPCError?, Metadata) =
      switch result {
      case .success(let trailers): (nil, trailers)
      case .failure(let error): (error, error.metadata)
      }
    let observers = state.withLock { state -> [@Sendable (RPCError?) -> Void] in
      guard !state.isOver else { return [] }
      state.isOver = true
      state.error = error
      state.trailers = trailers
      defer { state.observers = [] }
      return state.observers
    }
    for observer in observers.reversed() { observer(error) }
  }
}

/// How often a call was sent again, unseen by its caller.
public struct CallRetries: Sendable, Hashable {
  /// Under a retry policy.
  public var underPolicy = 0
  /// Because the server had provably not looked at it.
  public var transparent = 0

  /// Creates counts of nothing.
  public init() {}
}
