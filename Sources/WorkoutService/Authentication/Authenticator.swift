package import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
package import WorkoutStore

/// Lets a call through to its handler only with a good access token, except for the few methods
/// that give tokens out.
package struct Authenticator: ServerInterceptor {
  /// The only methods of the API that need no token.
  static let openMethods: Set<String> = [
    AccountService.Methods.register.path, AccountService.Methods.logIn.path,
    AccountService.Methods.refresh.path,
  ]

  /// What the API's own methods begin with; health checks and reflection need no token.
  private static let protected = "/martlet.v1."

  private let verifier: TokenVerifier
  private let store: any ShardStore
  private let clock: ServiceClock

  package init(verifier: TokenVerifier, store: any ShardStore, clock: ServiceClock) {
    self.verifier = verifier
    self.store = store
    self.clock = clock
  }

  package func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    if call.method.hasPrefix(Self.protected), !Self.openMethods.contains(call.method) {
      call[CallerKey.self] = try await authenticate(call)
    }
    try await next()
  }

  private func authenticate(_ call: ServerCall) async throws -> Caller {
    let values = call.metadata.values(for: "authorization")
    guard let value = values.first else {
      throw RPCError(.unauthenticated, "no access token: send authorization: Bearer <token>")
    }
    // RFC 6750, section 2.1; the scheme is compared without case (RFC 9110, section 11.1).
    let scheme = "Bearer "
    guard values.count == 1, value.utf8.count > scheme.utf8.count,
      value.prefix(scheme.count).lowercased() == scheme.lowercased()
    else { throw RPCError(.unauthenticated, "authorization: must be Bearer <token>, once") }
    let token = String(value.dropFirst(scheme.count))
    do {
      return try await check(token)
    } catch let error as AccessTokenError {
      throw RPCError(error)
    }
  }

  /// A token that was not seen before is also held against the store: this server's memory of
  /// ended sessions began when it started, and an older log-out counts too.
  private func check(_ token: String) async throws -> Caller {
    let now = clock.wallSeconds
    let verified = try verifier.verify(token, nowSeconds: now)
    let claims = verified.claims
    if verified.isNew {
      let session = try await store.session(claims.sessionID, of: claims.userID)
      guard let session, session.revokedAtMs == nil else { throw AccessTokenError.revoked }
      verifier.remember(verified)
    }
    return Caller(user: claims.userID, session: claims.sessionID, device: claims.deviceID)
  }
}

extension RPCError {
  init(_ error: AccessTokenError) { self.init(.unauthenticated, error.description) }
}

extension ServiceParts {
  /// Refuses a stream whose session ended while it was being opened: whoever ends a session tells
  /// the streams that the hub knows, and this one was not among them yet.
  func refuseEndedSession(of caller: Caller) async throws {
    let session = try await store.session(caller.session, of: caller.user)
    guard let session, session.revokedAtMs == nil else { throw RPCError(AccessTokenError.revoked) }
  }
}
