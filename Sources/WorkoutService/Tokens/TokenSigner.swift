package import WorkoutCore
package import WorkoutStore

/// Makes access tokens with the server's own key.
package struct TokenSigner: Sendable {
  private let key: Ed25519PrivateKey
  private let keyID: String
  private let format: AccessTokenFormat

  package init(
    key: Ed25519PrivateKey,
    format: AccessTokenFormat = AccessTokenFormat()
  ) throws(CryptoError) {
    self.key = key
    self.format = format
    keyID = try key.publicKey.thumbprint()
  }

  /// Reads the key from a file, or makes both on the first start.
  package init(keyFile path: String) throws(CryptoError) {
    if let pem = try PrivateFile.read(path) {
      do {
        try self.init(key: try Ed25519PrivateKey(pem: pem))
      } catch {
        throw CryptoError("use \(path)", error.description)
      }
    } else {
      let key = try Ed25519PrivateKey()
      try PrivateFile.create(path, try key.pem())
      try self.init(key: key)
    }
  }

  /// A verifier that accepts the tokens of this signer.
  package func verifier() -> TokenVerifier {
    TokenVerifier(keys: [keyID: key.publicKey], format: format)
  }

  /// Makes an access token for a session, good from now on.
  package func accessToken(
    userID: UserID,
    sessionID: SessionID,
    deviceID: DeviceID,
    nowSeconds: Int64
  ) throws(CryptoError) -> String {
    let claims = AccessClaims(
      userID: userID,
      sessionID: sessionID,
      deviceID: deviceID,
      issuedAtSeconds: nowSeconds,
      expiresAtSeconds: nowSeconds + ServiceLimits.accessTokenLifeSeconds
    )
    return try format.sign(claims, with: key, keyID: keyID)
  }
}
