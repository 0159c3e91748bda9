internal import WorkoutCore
package import WorkoutStore

/// Sessions that ended before their access tokens did.
///
/// An access token is checked without asking the store, so a log-out has to be remembered until
/// the last token of the session has expired. Memory is bounded: when the list is full, the older
/// half is dropped and every token issued before the newest of those log-outs is refused instead.
/// Honest devices then refresh once; no ended session comes back to life.
package struct SessionRevocations: Sendable {
  private struct Entry {
    let sessionID: SessionID
    let revokedAtSeconds: Int64
  }

  private let capacity: Int
  private let tokenLifeSeconds: Int64
  private var sessions: Set<SessionID> = []
  /// In order of time, which is the order of arrival.
  private var order: ArraySlice<Entry> = []
  private var refusedUpToSeconds = Int64.min

  package init(
    capacity: Int = ServiceLimits.revokedSessions,
    tokenLifeSeconds: Int64 = ServiceLimits.accessTokenLifeSeconds
      + ServiceLimits.accessTokenLeewaySeconds
  ) {
    self.capacity = max(2, capacity)
    self.tokenLifeSeconds = tokenLifeSeconds
  }

  /// How many sessions are remembered.
  package var count: Int { sessions.count }

  /// Ends a session's access tokens.
  ///
  /// - Complexity: O(1) on average.
  package mutating func revoke(_ sessionID: SessionID, nowSeconds: Int64) {
    forgetExpired(nowSeconds: nowSeconds)
    guard sessions.insert(sessionID).inserted else { return }
    order.append(Entry(sessionID: sessionID, revokedAtSeconds: nowSeconds))
    guard order.count > capacity else { return }
    for entry in order.prefix(capacity / 2) {
      refusedUpToSeconds = max(refusedUpToSeconds, entry.revokedAtSeconds)
      sessions.remove(entry.sessionID)
    }
    order = ArraySlice(order.dropFirst(capacity / 2))
  }

  /// Whether a token with these claims is refused.
  package func contains(_ claims: AccessClaims) -> Bool {
    claims.issuedAtSeconds <= refusedUpToSeconds || sessions.contains(claims.sessionID)
  }

  private mutating func forgetExpired(nowSeconds: Int64) {
    while let first = order.first, first.revokedAtSeconds < nowSeconds - tokenLifeSeconds {
      sessions.remove(first.sessionID)
      order.removeFirst()
    }
    // A slice keeps the storage of what was dropped from its front.
    if order.startIndex > capacity { order = ArraySlice(Array(order)) }
  }
}
