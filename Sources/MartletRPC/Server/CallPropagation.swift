internal import MartletNet

/// Lets what a handler calls inherit its call: binds `ServerCall.current` around the handler.
///
/// Calls that are then made within the handler's task, or in tasks that it starts, are given no
/// more time than the handler's own caller waits, and are cancelled with it (`CallOptions` says
/// when not). It is an interceptor because binding costs 800 instructions, some 4 % of a small call,
/// which a server that calls nobody need not pay. Without it, a handler passes its
/// `ServerCall.timeLeft` on as `CallOptions.timeout`; cancelling its task cancels the calls that it
/// waits for in either case.
public struct CallPropagation: ServerInterceptor {
  /// Creates the interceptor.
  public init() {}

  /// Runs the handler with `ServerCall.current` set.
  public func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    try await ServerCall.$current.withValue(call) { try await next() }
  }
}

extension ServerInterceptor where Self == CallPropagation {
  /// Lets what a handler calls inherit its deadline and its cancellation.
  public static var callPropagation: CallPropagation { CallPropagation() }
}

extension ClientCallCore {
  /// Ends with its parent at the latest.
  ///
  /// The deadline is the caller's business. On the loop, once.
  func followParent() {
    guard let parent else { return }
    let observer = parent.whenOver { [weak self] isCancelled in
      guard isCancelled, let self else { return }
      loop.execute { self.fail(Self.parentCancelled) }
    }
    onceEnded { _ in parent.forget(observer) }
  }

  static let parentCancelled = RPCError(.cancelled, "the call being answered was cancelled")
}

extension CallOptions {
  /// The same with no more time than `call` has.
  func limited(by call: ServerCall) -> CallOptions {
    guard let left = call.timeLeft else { return self }
    var options = self
    options.timeout = min(timeout ?? left, left)
    return options
  }
}
