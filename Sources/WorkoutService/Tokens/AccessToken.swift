package import WorkoutCore
package import WorkoutStore

/// What an access token says, once it is verified.
package struct AccessClaims: Sendable, Hashable {
  /// Whose token it is (`sub`).
  package var userID: UserID

  /// The log-in it stems from (`sid`): what a log-out revokes.
  package var sessionID: SessionID

  /// The device that logged in (`device`).
  package var deviceID: DeviceID

  /// Unix time, seconds (`iat`, and `nbf`).
  package var issuedAtSeconds: Int64

  /// Unix time, seconds (`exp`).
  package var expiresAtSeconds: Int64
}

/// Why an access token is refused; the texts are for the client that showed it.
package enum AccessTokenError: Error, Sendable, Hashable, CustomStringConvertible {
  case tooLong
  case malformed
  case unsupported
  case unknownKey
  case badSignature
  case foreign
  case notYetValid
  case expired
  case revoked

  package var description: String {
    switch self {
    case .tooLong, .malformed: "the access token is malformed"
    case .unsupported: "the access token is of a kind that is not accepted here"
    case .unknownKey, .badSignature: "the access token's signature is not valid"
    case .foreign: "the access token was made for another service"
    case .notYetValid: "the access token is not valid yet"
    case .expired: "the access token has expired: refresh it"
    case .revoked: "the session has ended: log in again"
    }
  }
}

/// How access tokens are made and read: signed JSON Web Tokens in compact form (RFC 7515, 7519)
/// with EdDSA over Ed25519 (RFC 8037), explicitly typed as RFC 9068 asks.
///
/// The reader takes exactly what the writer makes. A header with another algorithm, another type
/// or any further member is refused before a key is looked for, so that no header can choose how
/// it is checked.
package struct AccessTokenFormat: Sendable {
  /// `iss`: who makes the tokens.
  package var issuer = "martletd"

  /// `aud`: the API that they open.
  package var audience = "martlet.v1"

  /// `typ` (RFC 9068, section 2.1).
  package static let type = "at+jwt"

  package init() {}

  /// Makes a token.
  package func sign(
    _ claims: AccessClaims,
    with key: Ed25519PrivateKey,
    keyID: String
  ) throws(CryptoError) -> String {
    let header = FlatJSON.write([
      "alg": .string("EdDSA"), "typ": .string(Self.type), "kid": .string(keyID),
    ])
    let payload = FlatJSON.write([
      "iss": .string(issuer), "aud": .string(audience), "sub": .string(claims.userID.text),
      "sid": .string(claims.sessionID.text), "device": .string(claims.deviceID.text),
      "iat": .integer(claims.issuedAtSeconds), "nbf": .integer(claims.issuedAtSeconds),
      "exp": .integer(claims.expiresAtSeconds),
    ])
    let signed = Base64.encode(header) + "." + Base64.encode(payload)
    return signed + "." + Base64.encode(try key.sign([UInt8](signed.utf8)))
  }

  /// Checks a token whole: form, key, signature, then claims.
  package func verify(
    _ token: String,
    keys: [String: Ed25519PublicKey],
    nowSeconds: Int64
  ) throws(AccessTokenError) -> AccessClaims {
    guard token.utf8.count <= ServiceLimits.accessTokenBytes else { throw .tooLong }
    let parts = token.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64.decode(parts[0]).flatMap(FlatJSON.init),
      let payload = Base64.decode(parts[1]), let signature = Base64.decode(parts[2])
    else { throw .malformed }
    guard header.string("alg") == "EdDSA", header.string("typ") == Self.type,
      header.names == ["alg", "typ", "kid"]
    else { throw .unsupported }
    guard let key = header.string("kid").flatMap({ keys[$0] }) else { throw .unknownKey }
    let signed = [UInt8](token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
    guard key.verifies(signature, of: signed) else { throw .badSignature }
    guard let claims = FlatJSON(payload) else { throw .malformed }
    return try check(claims, nowSeconds: nowSeconds)
  }

  private func check(
    _ json: FlatJSON,
    nowSeconds: Int64
  ) throws(AccessTokenError) -> AccessClaims {
    guard let userID = json.string("sub").flatMap({ UserID($0) }),
      let sessionID = json.string("sid").flatMap({ SessionID($0) }),
      let deviceID = json.string("device").flatMap({ DeviceID($0) }),
      let issuedAt = json.integer("iat"),
      let notBefore = json.integer("nbf"), let expiresAt = json.integer("exp")
    else { throw .malformed }
    guard json.string("iss") == issuer, json.string("aud") == audience else { throw .foreign }
    let leeway = ServiceLimits.accessTokenLeewaySeconds
    guard max(issuedAt, notBefore) <= nowSeconds + leeway else { throw .notYetValid }
    guard expiresAt > nowSeconds - leeway else { throw .expired }
    return AccessClaims(
      userID: userID,
      sessionID: sessionID,
      deviceID: deviceID,
      issuedAtSeconds: issuedAt,
      expiresAtSeconds: expiresAt
    )
  }
}
