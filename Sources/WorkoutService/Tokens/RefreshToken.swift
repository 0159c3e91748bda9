package import WorkoutCore
package import WorkoutStore

/// A refresh token: opaque and secret, good for one call of Refresh.
///
/// The text names user and session, so that the user's bucket is found without an index, and ends
/// in 256 random bits. The device keeps the text; the server keeps only the SHA-256 of it, which is
/// enough because such a secret cannot be guessed from its digest.
package struct RefreshToken: Sendable {
  package let user: UserID
  package let session: SessionID

  /// What the device holds.
  package let text: String

  /// What the server stores.
  package let digest: SHA256Digest

  private static let idBytes = 16
  private static let secretBytes = 32

  /// Tells people and secret scanners what the text is; a new form gets a new number.
  private static let prefix = "mrt1_"

  /// Makes a new token.
  package init(user: UserID, session: SessionID) throws(CryptoError) {
    self.user = user
    self.session = session
    let secret = try randomBytes(Self.secretBytes)
    text = Self.prefix + Base64.encode(user.bytes + session.bytes + secret)
    digest = try SHA256Digest(of: [UInt8](text.utf8))
  }

  /// Reads a token that a device shows, or nothing when it cannot be one of ours.
  package init?(text: String) {
    guard text.utf8.count < 128, text.hasPrefix(Self.prefix),
      let bytes = Base64.decode(text.dropFirst(Self.prefix.count)),
      bytes.count == 2 * Self.idBytes + Self.secretBytes,
      let user = UserID(bytes: bytes[..<Self.idBytes]),
      let session = SessionID(bytes: bytes[Self.idBytes..<2 * Self.idBytes]),
      let digest = try? SHA256Digest(of: [UInt8](text.utf8))
    else { return nil }
    self.user = user
    self.session = session
    self.text = text
    self.digest = digest
  }
}
