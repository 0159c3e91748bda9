import Testing

@testable import WorkoutService

/// Bytes from hexadecimal text; spaces are left out.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { $0 != " " && $0 != "\n" }.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
}

@Suite("scrypt and password hashes")
struct PasswordHashTests {
  @Test(
    "scrypt gives the vectors of RFC 7914, section 12",
    arguments: [
      (
        "", "", 4, 1, 1,
        """
        77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442
        fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906
        """
      ),
      (
        "password", "NaCl", 10, 8, 16,
        """
        fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162
        2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640
        """
      ),
      (
        "pleaseletmein", "SodiumChloride", 14, 8, 1,
        """
        7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
        d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887
        """
      ),
    ]
  )
  func vectors(_ vector: (String, String, Int, Int, Int, String)) throws {
    let cost = try #require(ScryptCost(logN: vector.2, r: vector.3, p: vector.4))
    let derived = try scrypt(
      password: [UInt8](vector.0.utf8),
      salt: [UInt8](vector.1.utf8),
      cost: cost,
      count: 64
    )
    #expect(derived == hex(vector.5))
  }

  @Test("a hash matches its own password and no other, also after a round through text")
  func roundTrip() throws {
    let cost = try #require(ScryptCost(logN: 4, r: 1, p: 1))
    let hash = try PasswordHash(of: "correct horse", cost: cost)
    let stored = try #require(PasswordHash(text: hash.text))
    #expect(hash.text.hasPrefix("$scrypt$ln=4,r=1,p=1$"))
    #expect(try stored.matches("correct horse"))
    #expect(try !stored.matches("correct horsf"))
    #expect(try !stored.matches(""))
  }

  @Test("two hashes of one password differ, because each has its own salt")
  func salted() throws {
    let cost = try #require(ScryptCost(logN: 4, r: 1, p: 1))
    #expect(try PasswordHash(of: "x", cost: cost).text != PasswordHash(of: "x", cost: cost).text)
  }

  @Test("the standard cost is within OpenSSL's and our bounds")
  func standardCost() throws {
    let hash = try PasswordHash(of: "correct horse battery")
    #expect(try hash.matches("correct horse battery"))
    #expect(ScryptCost.standard.memoryBytes < 40 << 20)
  }

  @Test(
    "text that is not a hash of ours is refused",
    arguments: [
      "", "$", "$$$$", "scrypt$ln=4,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$argon2id$ln=4,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=99,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=20,r=32,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=1,p=1,q=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$r=1,ln=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=1,p=1$AAA$AAAAAAAAAAAAAAAAAAAAAA",
      "$scrypt$ln=4,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
      "$scrypt$ln=4,r=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA$",
    ]
  )
  func refused(_ text: String) { #expect(PasswordHash(text: text) == nil) }
}

@Suite("Base64 without padding")
struct Base64Tests {
  @Test(
    "gives the vectors of RFC 4648, section 10, without their padding",
    arguments: [
      ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"),
      ("fooba", "Zm9vYmE"), ("foobar", "Zm9vYmFy"),
    ]
  )
  func vectors(_ plain: String, _ encoded: String) {
    #expect(Base64.encode([UInt8](plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == [UInt8](plain.utf8))
  }

  @Test("the two alphabets differ in their last letters only")
  func alphabets() {
    #expect(Base64.encode([0xFB, 0xFF]) == "-_8")
    #expect(Base64.encode([0xFB, 0xFF], .standard) == "+/8")
    #expect(Base64.decode("-_8", .standard) == nil)
    #expect(Base64.decode("+/8") == nil)
  }

  @Test("every byte string comes back")
  func roundTrip() {
    for count in 0..<70 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test(
    "a second spelling of a value is refused",
    arguments: ["Zh", "Zm9", "Zg==", "Z", "Zm9vY", "Z g", "Zg\n", "é"]
  )
  func refused(_ text: String) { #expect(Base64.decode(text) == nil) }
}

@Suite("Ed25519 keys")
struct Ed25519Tests {
  // RFC 8037, appendix A.
  static let seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
  static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

  @Test("the public key and the thumbprint are those of RFC 8037, A.2 and A.3")
  func thumbprint() throws {
    let key = try Ed25519PrivateKey(seed: try #require(Base64.decode(Self.seed)))
    #expect(Base64.encode(key.publicKey.bytes) == Self.publicKey)
    #expect(try key.publicKey.thumbprint() == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
  }

  @Test("the signature is that of RFC 8037, A.4, and verifies as in A.5")
  func signature() throws {
    let key = try Ed25519PrivateKey(seed: try #require(Base64.decode(Self.seed)))
    let input = [UInt8]("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8)
    let signature = try key.sign(input)
    #expect(
      Base64.encode(signature)
        == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )
    #expect(key.publicKey.verifies(signature, of: input))
    for index in signature.indices {
      var tampered = signature
      tampered[index] ^= 1
      #expect(!key.publicKey.verifies(tampered, of: input))
    }
    #expect(!key.publicKey.verifies(signature, of: input + [0]))
    #expect(!key.publicKey.verifies([], of: input))
  }

  @Test("a key comes back from its PEM text, and other text is refused")
  func pem() throws {
    let key = try Ed25519PrivateKey()
    let pem = try key.pem()
    #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    #expect(try Ed25519PrivateKey(pem: pem).publicKey.bytes == key.publicKey.bytes)
    #expect(throws: CryptoError.self) { try Ed25519PrivateKey(pem: []) }
    #expect(throws: CryptoError.self) { try Ed25519PrivateKey(pem: [UInt8]("hello".utf8)) }
    #expect(throws: CryptoError.self) { try Ed25519PrivateKey(pem: [UInt8](pem.dropLast(40))) }
  }

  @Test("a key of another algorithm is refused")
  func otherAlgorithm() throws {
    // An X25519 key: the algorithm differs in the last octet of its object identifier (RFC 8410).
    let key = try Ed25519PrivateKey().pem()
    let text = String(decoding: key, as: UTF8.self)
    #expect(text.contains("MC4CAQAwBQYDK2Vw"))
    let other = text.split(separator: "MC4CAQAwBQYDK2Vw").joined(separator: "MC4CAQAwBQYDK2Vu")
    #expect(throws: CryptoError.self) { try Ed25519PrivateKey(pem: [UInt8](other.utf8)) }
  }

  @Test("a digest is SHA-256")
  func digest() throws {
    // FIPS 180-4, one-block example.
    #expect(
      try SHA256Digest(of: [UInt8]("abc".utf8)).bytes
        == hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    )
  }
}
