internal import COpenSSL
internal import Glibc
internal import Synchronization

/// The keys under which a server hands out its sessions as tickets (RFC 5077, RFC 8446 4.6.1).
///
/// They are random, never leave the process, and are replaced at intervals: whoever learns one can
/// read only what was resumed with it under TLS 1.2, and nothing of TLS 1.3. All loops of a server
/// share them, so a client may come back to another loop; so do the contexts before and after a
/// reload of certificates.
package final class TicketKeys: Sendable {
  private let ring: Mutex<TicketKeyRing>

  /// Makes keys that encrypt for `lifetime`, and decrypt for twice as long.
  package init(lifetime: Duration) {
    ring = Mutex(TicketKeyRing(lifetime: lifetime))
  }

  /// OpenSSL's callback: sets up the ciphers for a new ticket.
  func encrypt(
    _ name: UnsafeMutablePointer<UInt8>,
    _ iv: UnsafeMutablePointer<UInt8>,
    _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?
  ) -> Int32 {
    let key = ring.withLock { $0.current(at: .read(), make: TicketKey.random) }
    guard let key, RAND_bytes(iv, TicketKey.nameCount) == 1 else { return -1 }
    key.name.withUnsafeBytes { UnsafeMutableRawPointer(name).copyMemory($0) }
    return martlet_ticket_ciphers(cipher, mac, key.cipher, key.mac, iv, 1)
  }

  /// The same for one that came back: 0 if nobody knows its key, 2 if the client shall get a new one.
  func decrypt(
    _ name: UnsafeMutablePointer<UInt8>,
    _ iv: UnsafeMutablePointer<UInt8>,
    _ cipher: OpaquePointer?,
    _ mac: OpaquePointer?,
    renews: Bool
  ) -> Int32 {
    let wanted = Array(UnsafeBufferPointer(start: name, count: Int(TicketKey.nameCount)))
    guard let (key, isCurrent) = ring.withLock({ $0.key(named: wanted, at: .read()) }),
      martlet_ticket_ciphers(cipher, mac, key.cipher, key.mac, iv, 0) == 1
    else { return 0 }
    return isCurrent && !renews ? 1 : 2
  }
}

/// One key: AES-256-CBC and HMAC-SHA-256, as RFC 5077 section 4 recommends.
struct TicketKey: Sendable, Equatable {
  static let nameCount: Int32 = 16
  var name: [UInt8]
  var cipher: [UInt8]
  var mac: [UInt8]

  /// A fresh one; nil when the system has no randomness.
  static func random() -> TicketKey? {
    var bytes = [UInt8](repeating: 0, count: 80)
    guard RAND_priv_bytes(&bytes, Int32(bytes.count)) == 1 else { return nil }
    return TicketKey(
      name: Array(bytes[..<16]),
      cipher: Array(bytes[16..<48]),
      mac: Array(bytes[48...])
    )
  }
}

/// The key in use and the one before it, as a value that is told the time.
struct TicketKeyRing: Sendable {
  private let lifetime: Duration
  private var newest: (key: TicketKey, end: MonotonicTime)?
  private var previous: (key: TicketKey, end: MonotonicTime)?

  init(lifetime: Duration) {
    self.lifetime = lifetime
  }

  /// The key for new tickets, replaced when its time is over.
  mutating func current(at now: MonotonicTime, make: () -> TicketKey?) -> TicketKey? {
    if let newest, now < newest.end { return newest.key }
    guard let key = make() else { return nil }
    previous = newest.map { ($0.key, $0.end + lifetime) }
    newest = (key, now + lifetime)
    return key
  }

  /// The key of that name if it may still decrypt, and whether it is the one for new tickets.
  func key(named name: [UInt8], at now: MonotonicTime) -> (key: TicketKey, isCurrent: Bool)? {
    if let newest, newest.key.name == name, now < newest.end + lifetime {
      return (newest.key, now < newest.end)
    }
    if let previous, previous.key.name == name, now < previous.end { return (previous.key, false) }
    return nil
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func copyMemory(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    copyMemory(from: start, byteCount: bytes.count)
  }
}
