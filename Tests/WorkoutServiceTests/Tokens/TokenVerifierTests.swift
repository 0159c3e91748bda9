import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

private let now: Int64 = 1_800_000_000

/// An id for each number.
func id(_ number: Int) throws -> UniqueID {
  try #require(UniqueID(high: 1, low: UInt64(number)))
}

private func claims(_ session: Int, issuedAt: Int64 = now) throws -> AccessClaims {
  AccessClaims(
    userID: UserID(try id(1)),
    sessionID: SessionID(try id(session)),
    deviceID: DeviceID(try id(2)),
    issuedAtSeconds: issuedAt,
    expiresAtSeconds: issuedAt + 900
  )
}

extension TokenVerifier {
  /// Verifies and remembers, as the interceptor does for a session that lasts.
  func accept(_ token: String, nowSeconds: Int64) throws -> AccessClaims {
    let verified = try verify(token, nowSeconds: nowSeconds)
    if verified.isNew { remember(verified) }
    return verified.claims
  }
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
    for _ in 0..<5 { #expect(try verifier.accept(token, nowSeconds: now) == claims(1)) }
    #expect(verifier.signatureChecks == 1)
  }

  @Test("a remembered token expires like any other")
  func expires() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    _ = try verifier.accept(token, nowSeconds: now)
    #expect(throws: AccessTokenError.expired) {
      try verifier.accept(token, nowSeconds: now + 900 + ServiceLimits.accessTokenLeewaySeconds)
    }
  }

  @Test("a remembered token ends with its session, and only that session's")
  func revoked() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    let other = try sign(try claims(2))
    _ = try verifier.accept(token, nowSeconds: now)
    verifier.revoke(sessionID: SessionID(try id(1)), nowSeconds: now)
    #expect(throws: AccessTokenError.revoked) { try verifier.accept(token, nowSeconds: now) }
    #expect(try verifier.accept(other, nowSeconds: now) == claims(2))
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
        try verifier.accept(forged, nowSeconds: now)
      }
    }
  }

  @Test("a token is new until it is remembered")
  func new() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey])
    let token = try sign(try claims(1))
    #expect(try verifier.verify(token, nowSeconds: now).isNew)
    let verified = try verifier.verify(token, nowSeconds: now)
    #expect(verified.isNew)
    verifier.remember(verified)
    #expect(try !verifier.verify(token, nowSeconds: now).isNew)
  }

  @Test("remembers a bounded number of tokens, those in use the longest")
  func bounded() throws {
    let verifier = TokenVerifier(keys: ["k": key.publicKey], capacity: 8)
    let favourite = try sign(try claims(1000))
    for index in 0..<40 {
      _ = try verifier.accept(favourite, nowSeconds: now)
      _ = try verifier.accept(try sign(try claims(index)), nowSeconds: now)
    }
    #expect(verifier.signatureChecks == 41)
    _ = try verifier.accept(try sign(try claims(0)), nowSeconds: now)
    #expect(verifier.signatureChecks == 42)
  }
}

@Suite("revoked sessions")
struct SessionRevocationsTests {
  @Test("are forgotten once their last token has expired")
  func forgotten() throws {
    var revocations = SessionRevocations(capacity: 100, tokenLifeSeconds: 900)
    revocations.revoke(SessionID(try id(1)), nowSeconds: now)
    revocations.revoke(SessionID(try id(2)), nowSeconds: now + 900)
    #expect(revocations.count == 2)
    revocations.revoke(SessionID(try id(3)), nowSeconds: now + 901)
    #expect(revocations.count == 2)
    #expect(!revocations.contains(try claims(1)))
    #expect(revocations.contains(try claims(2)))
  }

  @Test("stay bounded, and when the list overflows none comes back to life")
  func overflow() throws {
    var revocations = SessionRevocations(capacity: 10, tokenLifeSeconds: 900)
    for index in 0..<1000 {
      revocations.revoke(SessionID(try id(index)), nowSeconds: now + Int64(index / 10))
    }
    #expect(revocations.count <= 10)
    for index in 0..<1000 { #expect(revocations.contains(try claims(index))) }
    // The price: other tokens as old as those are refused too, until they are refreshed.
    #expect(revocations.contains(try claims(9999, issuedAt: now)))
    #expect(!revocations.contains(try claims(9999, issuedAt: now + 100)))
  }
}

@Suite("refresh tokens")
struct RefreshTokenTests {
  private func make(_ number: Int = 1) throws -> RefreshToken {
    try RefreshToken(user: UserID(try id(number)), session: SessionID(try id(7)))
  }

  @Test("come back from their text with user, session and digest")
  func roundTrip() throws {
    let token = try make()
    let read = try #require(RefreshToken(text: token.text))
    #expect(read.digest == token.digest)
    #expect(read.user == UserID(try id(1)))
    #expect(read.session == SessionID(try id(7)))
    #expect(try make().text != token.text)
  }

  @Test("whoever changes the user or the session changes the digest")
  func bound() throws {
    let token = try make()
    let other = try make(2)
    let mixed = try #require(
      RefreshToken(text: String(other.text.prefix(27) + token.text.suffix(64)))
    )
    #expect(mixed.user == UserID(try id(2)))
    #expect(mixed.digest != token.digest)
  }

  @Test(
    "other texts are refused",
    arguments: ["", "mrt1_", "mrt1_AAAA", String(repeating: "A", count: 91), "mrt1_\u{301}"]
  )
  func refused(_ text: String) { #expect(RefreshToken(text: text) == nil) }
}
