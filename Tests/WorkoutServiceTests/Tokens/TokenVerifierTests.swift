import Testing
import WorkoutCore

@testable import WorkoutService

private let now: Int64 = 1_800_000_000

/// An id for each number.
func id(_ number: Int) throws -> UniqueID {
  try #require(UniqueID(high: 1, low: UInt64(number)))
}

private func claims(_ session: Int, issuedAt: Int64 = now) throws -> AccessClaims {
  AccessClaims(
    userID: UserID(try id(1)),
    sessionID: try id(session),
    deviceID: DeviceID(try id(2)),
    issuedAtSeconds: issuedAt,
    expiresAtSeconds: issuedAt + 900
  )
}

@Suite("the token verifier")
struct TokenVerifierTests {
  let key: Ed25519PrivateKey
  init() throws { key = try Ed25519PrivateKey() }

  private func sign(_ claims: AccessClaims) throws -> String {
    try AccessTokenFormat().sign(claims, with: key, keyID: "k")
  }

  @Test("checks a token's signature once")
  func once() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    for _ in 0..<5 { #expect(try verifier.verify(token, nowSeconds: now) == claims(1)) }
    #expect(verifier.signatureChecks == 1)
  }

  @Test("a remembered token expires like any other")
  func expires() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    _ = try verifier.verify(token, nowSeconds: now)
    #expect(throws: AccessTokenError.expired) {
      try verifier.verify(token, nowSeconds: now + 900 + ServiceLimits.accessTokenLeewaySeconds)
    }
  }

  @Test("a remembered token ends with its session, and only that session's")
  func revoked() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    let other = try sign(try claims(2))
    _ = try verifier.verify(token, nowSeconds: now)
    verifier.revoke(sessionID: try id(1), nowSeconds: now)
    #expect(throws: AccessTokenError.revoked) { try verifier.verify(token, nowSeconds: now) }
    #expect(try verifier.verify(other, nowSeconds: now) == claims(2))
  }

  @Test("a refused token is not remembered as good")
  func refused() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let forged = try AccessTokenFormat().sign(
      try claims(1),
      with: try Ed25519PrivateKey(),
      keyID: "k"
    )
    for _ in 0..<2 {
      #expect(throws: AccessTokenError.badSignature) {
        try verifier.verify(forged, nowSeconds: now)
      }
    }
  }

  @Test("remembers a bounded number of tokens, those in use the longest")
  func bounded() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey], capacity: 8)
    let favourite = try sign(try claims(1000))
    for index in 0..<40 {
      _ = try verifier.verify(favourite, nowSeconds: now)
      _ = try verifier.verify(try sign(try claims(index)), nowSeconds: now)
    }
    #expect(verifier.signatureChecks == 41)
    _ = try verifier.verify(try sign(try claims(0)), nowSeconds: now)
    #expect(verifier.signatureChecks == 42)
  }
}

@Suite("revoked sessions")
struct SessionRevocationsTests {
  @Test("are forgotten once their last token has expired")
  func forgotten() throws {
    var revocations = SessionRevocations(capacity: 100, tokenLifeSeconds: 900)
    revocations.revoke(try id(1), nowSeconds: now)
    revocations.revoke(try id(2), nowSeconds: now + 900)
    #expect(revocations.count == 2)
    revocations.revoke(try id(3), nowSeconds: now + 901)
    #expect(revocations.count == 2)
    #expect(!revocations.contains(try claims(1)))
    #expect(revocations.contains(try claims(2)))
  }

  @Test("stay bounded, and when the list overflows none comes back to life")
  func overflow() throws {
    var revocations = SessionRevocations(capacity: 10, tokenLifeSeconds: 900)
    for index in 0..<1000 { revocations.revoke(try id(index), nowSeconds: now + Int64(index / 10)) }
    #expect(revocations.count <= 10)
    for index in 0..<1000 { #expect(revocations.contains(try claims(index))) }
    // The price: other tokens as old as those are refused too, until they are refreshed.
    #expect(revocations.contains(try claims(9999, issuedAt: now)))
    #expect(!revocations.contains(try claims(9999, issuedAt: now + 100)))
  }
}

@Suite("refresh tokens")
struct RefreshTokenTests {
  @Test("come back from their text with the same digest")
  func roundTrip() throws {
    let token = try RefreshToken()
    #expect(RefreshToken(text: token.text)?.digest == token.digest)
    #expect(try RefreshToken().text != token.text)
    #expect(token.text.utf8.count == 48)
  }

  @Test(
    "other texts are refused",
    arguments: ["", "mrt1_", "mrt1_AAAA", String(repeating: "A", count: 48), "mrt1_\u{301}"]
  )
  func refused(_ text: String) { #expect(RefreshToken(text: text) == nil) }
}
