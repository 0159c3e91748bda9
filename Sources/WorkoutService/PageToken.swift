internal import MartletRPC

/// Where a list goes on, as text that clients hand back.
///
/// The token carries a fingerprint of the request's filters, so that a token used with other
/// filters is refused instead of giving a page of another list. It needs no signature: what it can
/// say is only where to go on in a list that the caller may read anyway.
struct PageToken: Sendable {
  /// The kind of list; tokens of one kind mean nothing to another.
  enum List: UInt8 {
    case activities = 1
    case friends = 2
  }

  private static let fingerprintBytes = 8

  private let head: [UInt8]

  /// - Throws: `CryptoError` when OpenSSL has no memory left.
  init(_ list: List, filters: String) throws(CryptoError) {
    let fingerprint = try SHA256Digest(of: [UInt8](filters.utf8)).bytes
    head = [list.rawValue] + fingerprint.prefix(Self.fingerprintBytes)
  }

  /// The text for a position; empty for none.
  func text(_ position: [UInt8]?) -> String { position.map { Base64.encode(head + $0) } ?? "" }

  /// The position that a client hands back; nothing for the first page.
  func position(_ text: String) throws(RPCError) -> [UInt8]? {
    if text.isEmpty { return nil }
    guard text.utf8.count <= ServiceLimits.pageTokenBytes, let bytes = Base64.decode(text),
      bytes.count > head.count
    else { throw Validation.fail("page_token", "is not one that this server gave") }
    guard bytes.starts(with: head) else {
      throw Validation.fail("page_token", "belongs to a request with other filters")
    }
    return [UInt8](bytes.dropFirst(head.count))
  }
}
