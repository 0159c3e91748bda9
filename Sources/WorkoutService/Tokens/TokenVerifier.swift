internal import Synchronization
internal import WorkoutCore
package import WorkoutStore

/// Checks access tokens, each token's signature once: an Ed25519 verification takes some 100 µs,
/// a look-up of the token's digest less than one.
///
/// Loops share it behind a mutex: what happens under the lock is a look-up in two dictionaries.
/// Signatures are checked outside.
package final class TokenVerifier: Sendable {
  private struct State {
    // Two generations: when the younger one is half the capacity, it becomes the older one, whose
    // entries are dropped. That costs O(1) a token and forgets what was not used for long.
    var young: [SHA256Digest: AccessClaims] = [:]
    var old: [SHA256Digest: AccessClaims] = [:]
    var revocations: SessionRevocations
    var signatureChecks = 0
  }

  private let format: AccessTokenFormat
  private let keys: [String: Ed25519PublicKey]
  private let capacity: Int
  private let state: Mutex<State>

  /// Makes a verifier that accepts the tokens signed by any of `keys`, by their `kid`.
  package init(
    keys: [String: Ed25519PublicKey],
    format: AccessTokenFormat = AccessTokenFormat(),
    capacity: Int = ServiceLimits.verifiedTokens,
    revocations: SessionRevocations = SessionRevocations()
  ) {
    self.format = format
    self.keys = keys
    self.capacity = max(2, capacity)
    state = Mutex(State(revocations: revocations))
  }

  /// How many signatures were checked: what the memory of tokens saves shows here.
  package var signatureChecks: Int { state.withLock { $0.signatureChecks } }

  /// A good token.
  package struct Verified: Sendable {
    package let claims: AccessClaims
    /// Whether it is not remembered yet: its session is to be looked up, and then `remember` to be
    /// called.
    package let isNew: Bool
    fileprivate let digest: SHA256Digest
  }

  /// Checks a token.
  package func verify(
    _ token: String,
    nowSeconds: Int64
  ) throws(AccessTokenError) -> Verified {
    guard token.utf8.count <= ServiceLimits.accessTokenBytes else { throw .tooLong }
    guard let digest = try? SHA256Digest(of: [UInt8](token.utf8)) else { throw .malformed }
    let known = state.withLock { state in
      state.young[digest]
        ?? state.old[digest].map { claims in
          remember(claims, digest, &state)
          return claims
        }
    }
    if let known {
      guard known.expiresAtSeconds > nowSeconds - ServiceLimits.accessTokenLeewaySeconds else {
        throw .expired
      }
      try refuseRevoked(known)
      return Verified(claims: known, isNew: false, digest: digest)
    }
    let claims = try format.verify(token, keys: keys, nowSeconds: nowSeconds)
    state.withLock { $0.signatureChecks += 1 }
    try refuseRevoked(claims)
    return Verified(claims: claims, isNew: true, digest: digest)
  }

  /// Checks the token no more until it expires or its session is revoked.
  package func remember(_ verified: Verified) {
    state.withLock { remember(verified.claims, verified.digest, &$0) }
  }

  /// Ends the access tokens of a session at once.
  package func revoke(sessionID: SessionID, nowSeconds: Int64) {
    state.withLock { $0.revocations.revoke(sessionID, nowSeconds: nowSeconds) }
  }

  private func refuseRevoked(_ claims: AccessClaims) throws(AccessTokenError) {
    guard !state.withLock({ $0.revocations.contains(claims) }) else { throw .revoked }
  }

  private func remember(_ claims: AccessClaims, _ digest: SHA256Digest, _ state: inout State) {
    if state.young.count >= capacity / 2 {
      state.old = state.young
      state.young = [:]
    }
    state.young[digest] = claims
  }
}
