import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

@Suite("access tokens")
struct AccessTokenTests {
  static let now: Int64 = 1_800_000_000
  static let someID = "0190a2b4-0000-7000-8000-000000000001"
  let key: Ed25519PrivateKey
  let format = AccessTokenFormat()
  let claims: AccessClaims

  init() throws {
    key = try Ed25519PrivateKey()
    claims = AccessClaims(
      userID: UserID(try id(1)),
      sessionID: SessionID(try id(2)),
      deviceID: DeviceID(try id(3)),
      issuedAtSeconds: Self.now,
      expiresAtSeconds: Self.now + 900
    )
  }

  private var keys: [String: Ed25519PublicKey] { ["k": key.publicKey] }

  /// Signs any header and payload, as a forger with the key would.
  private func token(_ header: String, _ payload: String) throws -> String {
    let signed = Base64.encode([UInt8](header.utf8)) + "." + Base64.encode([UInt8](payload.utf8))
    return signed + "." + Base64.encode(try key.sign([UInt8](signed.utf8)))
  }

  private let header = #"{"alg":"EdDSA","typ":"at+jwt","kid":"k"}"#
  private func payload(
    iss: String = "martletd",
    aud: String = "martlet.v1",
    iat: Int64 = now,
    exp: Int64 = now + 900
  ) -> String {
    #"{"iss":"\#(iss)","aud":"\#(aud)","sub":"\#(Self.someID)","sid":"\#(Self.someID)","#
      + #""device":"\#(Self.someID)","iat":\#(iat),"nbf":\#(iat),"exp":\#(exp)}"#
  }

  private func error(_ token: String, at now: Int64 = now) -> AccessTokenError? {
    do throws(AccessTokenError) {
      _ = try format.verify(token, keys: keys, nowSeconds: now)
      return nil
    } catch { return error }
  }

  @Test("a token gives back its claims")
  func roundTrip() throws {
    let token = try format.sign(claims, with: key, keyID: "k")
    #expect(try format.verify(token, keys: keys, nowSeconds: Self.now) == claims)
    #expect(token.utf8.count < ServiceLimits.accessTokenBytes / 3 * 2)
  }

  @Test("the forger's helper makes a good token when nothing is forged")
  func helper() throws { #expect(error(try token(header, payload())) == nil) }

  @Test("no bit of a token can be changed")
  func everyBit() throws {
    let bytes = [UInt8](try format.sign(claims, with: key, keyID: "k").utf8)
    for index in bytes.indices {
      for bit in 0..<7 {
        var tampered = bytes
        tampered[index] ^= 1 << bit
        #expect(error(String(decoding: tampered, as: UTF8.self)) != nil)
      }
    }
  }

  @Test("no token that was cut short is accepted")
  func truncated() throws {
    let token = try format.sign(claims, with: key, keyID: "k")
    for count in 0..<token.utf8.count { #expect(error(String(token.prefix(count))) != nil) }
  }

  @Test(
    "a header that would choose its own check is refused",
    arguments: [
      #"{"alg":"none","typ":"at+jwt","kid":"k"}"#, #"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#,
      #"{"alg":"eddsa","typ":"at+jwt","kid":"k"}"#, #"{"typ":"at+jwt","kid":"k"}"#,
      #"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#, #"{"alg":"EdDSA","kid":"k"}"#,
      #"{"alg":"EdDSA","typ":"at+jwt"}"#,
      #"{"alg":"EdDSA","typ":"at+jwt","kid":"k","crit":"exp"}"#,
      #"{"alg":"EdDSA","typ":"at+jwt","kid":"k","jwk":"x"}"#,
    ]
  )
  func headers(_ header: String) throws {
    #expect(error(try token(header, payload())) == .unsupported)
  }

  @Test("an unsigned token is refused")
  func unsigned() throws {
    let none = Base64.encode([UInt8](#"{"alg":"none"}"#.utf8))
    let body = Base64.encode([UInt8](payload().utf8))
    #expect(error("\(none).\(body).") == .unsupported)
    let good = Base64.encode([UInt8](header.utf8))
    #expect(error("\(good).\(body).") == .badSignature)
    #expect(error("\(good).\(body)") == .malformed)
    #expect(error("\(good).\(body)..") == .malformed)
  }

  @Test("a token of another key is refused, whatever its kid says")
  func otherKey() throws {
    let other = try Ed25519PrivateKey()
    #expect(error(try format.sign(claims, with: other, keyID: "k")) == .badSignature)
    #expect(error(try format.sign(claims, with: key, keyID: "other")) == .unknownKey)
  }

  @Test("a token for another service is refused")
  func foreign() throws {
    #expect(error(try token(header, payload(iss: "someone"))) == .foreign)
    #expect(error(try token(header, payload(aud: "other.v1"))) == .foreign)
  }

  @Test("a token is good from its issue to its end, with a few seconds of leeway")
  func time() throws {
    let token = try format.sign(claims, with: key, keyID: "k")
    let leeway = ServiceLimits.accessTokenLeewaySeconds
    #expect(error(token, at: Self.now - leeway) == nil)
    #expect(error(token, at: Self.now - leeway - 1) == .notYetValid)
    #expect(error(token, at: Self.now + 900 + leeway - 1) == nil)
    #expect(error(token, at: Self.now + 900 + leeway) == .expired)
    #expect(error(try self.token(header, payload(exp: .min))) == .expired)
    #expect(error(try self.token(header, payload(iat: .max))) == .notYetValid)
  }

  @Test("a payload without one of the claims is refused")
  func missing() throws {
    for name in ["sub", "sid", "device", "iat", "nbf", "exp"] {
      let renamed = payload().split(separator: "\"\(name)\"").joined(separator: "\"x\"")
      #expect(error(try token(header, renamed)) == .malformed)
    }
  }

  @Test("a payload whose ids are not ids is refused")
  func badIDs() throws {
    let broken = payload().split(separator: Self.someID).joined(separator: "someone")
    #expect(error(try token(header, broken)) == .malformed)
  }

  @Test("a token beyond the limit is refused before it is read")
  func tooLong() {
    #expect(error(String(repeating: "a", count: ServiceLimits.accessTokenBytes + 1)) == .tooLong)
  }
}

@Suite("flat JSON")
struct FlatJSONTests {
  @Test("reads strings with every escape, and integers to the ends of their range")
  func reads() throws {
    let text =
      #" { "a" : "\"\\\/\b\f\n\r\tA\u00e9\uD83D\uDE00é" , "b" : -9223372036854775808,"c":0}"#
    let json = try #require(FlatJSON([UInt8](text.utf8)))
    #expect(json.string("a") == "\"\\/\u{8}\u{c}\n\r\tAé😀é")
    #expect(json.integer("b") == .min)
    #expect(json.integer("c") == 0)
    #expect(json.integer("a") == nil)
  }

  @Test("what it writes, it reads")
  func roundTrip() throws {
    let bytes = FlatJSON.write(["a": .string("\"\\\u{1}\né😀"), "b": .integer(.min)])
    let json = try #require(FlatJSON(bytes))
    #expect(json.string("a") == "\"\\\u{1}\né😀")
    #expect(json.integer("b") == .min)
  }

  @Test(
    "anything but a flat object of strings and integers is refused",
    arguments: [
      "", "{", "}", "[]", "{}{}", "{} x", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#,
      #"{"a":01}"#, #"{"a":-}"#, #"{"a":+1}"#, #"{"a":1.0}"#, #"{"a":1e3}"#, #"{"a":true}"#,
      #"{"a":null}"#, #"{"a":{}}"#, #"{"a":[]}"#, #"{"a":1,"a":1}"#, #"{a:1}"#,
      #"{"a":9223372036854775808}"#, #"{"a":"\x"}"#, #"{"a":"\uD800"}"#, #"{"a":"\uDC00"}"#,
      #"{"a":"\uD800\u0041"}"#, #"{"a":"\u00g0"}"#, #"{"a":"\u+123"}"#, "{\"a\":\"\n\"}",
      #"{"a":""#, #"{"a":"\"#, #"{"a":"\u00"#,
    ]
  )
  func refuses(_ text: String) { #expect(FlatJSON([UInt8](text.utf8)) == nil) }

  @Test("bytes that are not UTF-8 are refused")
  func notText() {
    #expect(FlatJSON([UInt8](#"{"a":""#.utf8) + [0xFF] + [UInt8](#""}"#.utf8)) == nil)
  }
}
