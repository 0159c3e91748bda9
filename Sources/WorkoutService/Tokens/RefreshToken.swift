/// A refresh token: opaque and secret, good for one call of Refresh.
///
/// The device keeps the text; the server keeps only the SHA-256 of it, which is enough because
/// 256 random bits cannot be guessed from their digest.
package struct RefreshToken: Sendable {
  /// What the device holds.
  package let text: String

  /// What the server stores.
  package let digest: SHA256Digest

  private static let secretBytes = 32

  /// Tells people and secret scanners what the text is; a new form gets a new number.
  private static let prefix = "mrt1_"

  /// Makes a new token.
  package init() throws(CryptoError) {
    text = Self.prefix + Base64.encode(try randomBytes(Self.secretBytes))
    digest = try SHA256Digest(of: [UInt8](text.utf8))
  }

  /// Reads a token that a device shows, or nothing when it cannot be one of ours.
  package init?(text: String) {
    guard text.hasPrefix(Self.prefix), text.utf8.count < 64,
      Base64.decode(text.dropFirst(Self.prefix.count))?.count == Self.secretBytes,
      let digest = try? SHA256Digest(of: [UInt8](text.utf8))
    else { return nil }
    self.text = text
    self.digest = digest
  }
}
