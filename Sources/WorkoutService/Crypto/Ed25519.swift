internal import COpenSSL

/// An Ed25519 public key (RFC 8032).
///
/// `@unchecked Sendable`: OpenSSL's key is never changed after `init`, and each verification
/// brings a context of its own.
@safe package final class Ed25519PublicKey: @unchecked Sendable {
  private let key: OpaquePointer

  /// The key itself: 32 bytes.
  package let bytes: [UInt8]

  /// Reads a key from its 32 bytes.
  package init(bytes: [UInt8]) throws(CryptoError) {
    let key = unsafe bytes.withUnsafeBytes {
      unsafe EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519,
        nil,
        $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
        $0.count
      )
    }
    guard let key = unsafe key else { throw .fromOpenSSL("read an Ed25519 public key") }
    unsafe self.key = key
    self.bytes = bytes
  }

  deinit { unsafe EVP_PKEY_free(key) }

  /// Whether `signature` (64 bytes) is this key's for `message`.
  package func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard signature.count == Ed25519PrivateKey.signatureBytes,
      let context = unsafe EVP_MD_CTX_new()
    else { return false }
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1 else { return false }
    let result = unsafe signature.withUnsafeBytes { signature in
      unsafe message.withUnsafeBytes { message in
        unsafe EVP_DigestVerify(
          context,
          signature.baseAddress?.assumingMemoryBound(to: UInt8.self),
          signature.count,
          message.baseAddress?.assumingMemoryBound(to: UInt8.self),
          message.count
        )
      }
    }
    // A bad signature leaves an entry in this thread's queue of errors.
    if result != 1 { ERR_clear_error() }
    return result == 1
  }

  /// The key's name: SHA-256 over its JSON Web Key in canonical form (RFC 7638; RFC 8037, A.3).
  package func thumbprint() throws(CryptoError) -> String {
    let json = #"{"crv":"Ed25519","kty":"OKP","x":""# + Base64.encode(bytes) + #""}"#
    return Base64.encode(try SHA256Digest(of: [UInt8](json.utf8)).bytes)
  }
}

/// An Ed25519 private key (RFC 8032), which signs.
///
/// `@unchecked Sendable` for the reason that `Ed25519PublicKey` gives.
@safe package final class Ed25519PrivateKey: @unchecked Sendable {
  static let signatureBytes = 64
  private static let keyBytes = 32

  private let key: OpaquePointer

  /// Its public half.
  package let publicKey: Ed25519PublicKey

  /// Makes a new key.
  package convenience init() throws(CryptoError) {
    try self.init(seed: try randomBytes(Self.keyBytes))
  }

  /// Reads a key from the 32 bytes that RFC 8032 calls the private key.
  package convenience init(seed: [UInt8]) throws(CryptoError) {
    let key = unsafe seed.withUnsafeBytes {
      unsafe EVP_PKEY_new_raw_private_key(
        EVP_PKEY_ED25519,
        nil,
        $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
        $0.count
      )
    }
    guard let key = unsafe key else { throw .fromOpenSSL("read an Ed25519 private key") }
    try unsafe self.init(owning: key)
  }

  /// Reads a key from PEM text (PKCS #8, RFC 8410).
  package convenience init(pem: [UInt8]) throws(CryptoError) {
    let key: OpaquePointer? = unsafe pem.withUnsafeBytes {
      // The BIO borrows the bytes, so it lives and dies in here.
      guard let bio = unsafe BIO_new_mem_buf($0.baseAddress, CInt(clamping: $0.count)) else {
        return nil
      }
      defer { unsafe BIO_free(bio) }
      // The callback answers a question for a passphrase with "none", instead of the terminal.
      return unsafe PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in 0 }, nil)
    }
    guard let key = unsafe key else { throw .fromOpenSSL("read a PEM key") }
    guard unsafe EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 else {
      unsafe EVP_PKEY_free(key)
      throw CryptoError("read a PEM key", "the key is not an Ed25519 key")
    }
    try unsafe self.init(owning: key)
  }

  private init(owning key: OpaquePointer) throws(CryptoError) {
    unsafe self.key = key
    var bytes = [UInt8](repeating: 0, count: Self.keyBytes)
    var count = bytes.count
    let ok = unsafe bytes.withUnsafeMutableBytes {
      unsafe EVP_PKEY_get_raw_public_key(
        key,
        $0.baseAddress?.assumingMemoryBound(to: UInt8.self),
        &count
      )
    }
    guard ok == 1, count == Self.keyBytes else { throw .fromOpenSSL("derive a public key") }
    publicKey = try Ed25519PublicKey(bytes: bytes)
  }

  deinit { unsafe EVP_PKEY_free(key) }

  /// Signs a message: 64 bytes, always the same for the same message.
  package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
    guard let context = unsafe EVP_MD_CTX_new() else { throw .fromOpenSSL("sign") }
    defer { unsafe EVP_MD_CTX_free(context) }
    guard unsafe EVP_DigestSignInit(context, nil, nil, nil, key) == 1 else {
      throw .fromOpenSSL("sign")
    }
    var signature = [UInt8](repeating: 0, count: Self.signatureBytes)
    var count = signature.count
    let ok = unsafe signature.withUnsafeMutableBytes { signature in
      unsafe message.withUnsafeBytes { message in
        unsafe EVP_DigestSign(
          context,
          signature.baseAddress?.assumingMemoryBound(to: UInt8.self),
          &count,
          message.baseAddress?.assumingMemoryBound(to: UInt8.self),
          message.count
        )
      }
    }
    guard ok == 1, count == Self.signatureBytes else { throw .fromOpenSSL("sign") }
    return signature
  }

  /// The key as PEM text (PKCS #8, not encrypted): a secret.
  package func pem() throws(CryptoError) -> [UInt8] {
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .fromOpenSSL("write a PEM key") }
    defer { unsafe BIO_free(bio) }
    guard unsafe PEM_write_bio_PrivateKey(bio, key, nil, nil, 0, nil, nil) == 1 else {
      throw .fromOpenSSL("write a PEM key")
    }
    var text = [UInt8](repeating: 0, count: 1024)
    let count = unsafe text.withUnsafeMutableBytes {
      unsafe BIO_read(bio, $0.baseAddress, CInt(clamping: $0.count))
    }
    guard count > 0, count < text.count else { throw .fromOpenSSL("write a PEM key") }
    return [UInt8](text.prefix(Int(count)))
  }
}
