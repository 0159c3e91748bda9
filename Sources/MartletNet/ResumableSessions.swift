internal import COpenSSL
internal import Synchronization

/// The sessions that a client may resume, so that a reconnect skips certificates and signatures.
///
/// One for each server that the client was connected to, the last one; each is used once, as RFC
/// 8446 (C.4) asks, since two connections with one ticket could be linked by who watches the wire.
final class ResumableSessions: Sendable {
  /// A server: its name, and the address at which it gave the ticket.
  struct Place: Hashable, Sendable {
    var name: String
    var address: SocketAddress
  }

  private struct Sessions: @unchecked Sendable {
    var byPlace: [Place: OpaquePointer] = [:]
    /// Oldest first.
    var order: [Place] = []
  }

  private let maxCount: Int
  private let sessions = Mutex(Sessions())

  init(maxCount: Int) {
    self.maxCount = maxCount
  }

  deinit {
    sessions.withLock { sessions in
      for session in sessions.byPlace.values { SSL_SESSION_free(session) }
    }
  }

  /// Takes over `session`.
  ///
  /// - Complexity: O(`maxCount`).
  func keep(_ session: OpaquePointer, for place: Place) {
    let address = UInt(bitPattern: session)
    let dropped: [UInt] = sessions.withLock { sessions in
      guard let session = OpaquePointer(bitPattern: address) else { return [] }
      var dropped = [sessions.byPlace.updateValue(session, forKey: place)]
      sessions.order.removeAll { $0 == place }
      sessions.order.append(place)
      if sessions.order.count > maxCount {
        dropped.append(sessions.byPlace.removeValue(forKey: sessions.order.removeFirst()))
      }
      return dropped.compactMap { $0.map { UInt(bitPattern: $0) } }
    }
    for address in dropped { SSL_SESSION_free(OpaquePointer(bitPattern: address)) }
  }

  /// The session for `place`, which the caller frees; it is forgotten here.
  func take(for place: Place) -> OpaquePointer? {
    let address: UInt? = sessions.withLock { sessions in
      sessions.order.removeAll { $0 == place }
      return sessions.byPlace.removeValue(forKey: place).map { UInt(bitPattern: $0) }
    }
    return address.flatMap { OpaquePointer(bitPattern: $0) }
  }
}
