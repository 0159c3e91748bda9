internal import COpenSSL

// The service's calls of OpenSSL that need no key: digest, randomness, password hashing and
// comparison. With `Ed25519.swift` the only unsafe code of this module that touches secrets.

/// What OpenSSL, or a file of keys, refused.
package struct CryptoError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was being done: "sign", "read /data/signing-key.pem".
  package var operation: String

  /// Why it failed, without any secret.
  package var reason: String

  package init(_ operation: String, _ reason: String) {
    self.operation = operation
    self.reason = reason
  }

  package var description: String { "cannot \(operation): \(reason)" }

  /// The error at the head of OpenSSL's queue of this thread, which is emptied.
  static func fromOpenSSL(_ operation: String) -> CryptoError {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
      return CryptoError(operation, "OpenSSL gave no reason")
    }
    return CryptoError(operation, unsafe String(cString: text))
  }
}

/// A SHA-256 digest (FIPS 180-4): 32 bytes as four words, so that it is cheap as a key.
package struct SHA256Digest: Sendable, Hashable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Digests bytes.
  ///
  /// - Throws: `CryptoError` when OpenSSL has no memory left.
  package init(of bytes: [UInt8]) throws(CryptoError) {
    var out: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    let ok = unsafe withUnsafeMutableBytes(of: &out) { out in
      unsafe bytes.withUnsafeBytes { input in
        unsafe EVP_Digest(
          input.baseAddress,
          input.count,
          out.baseAddress?.assumingMemoryBound(to: UInt8.self),
          nil,
          Self.algorithm.pointer,
          nil
        )
      }
    }
    guard ok == 1 else { throw .fromOpenSSL("digest with SHA-256") }
    words = out
  }

  /// The 32 bytes in the order of the standard.
  package var bytes: [UInt8] {
    unsafe withUnsafeBytes(of: words) { unsafe [UInt8]($0) }
  }

  package static func == (a: SHA256Digest, b: SHA256Digest) -> Bool {
    // No early exit: the time taken tells nothing about where two digests differ.
    (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2)
      | (a.words.3 ^ b.words.3) == 0
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
    hasher.combine(words.1)
  }

  /// Fetched once: OpenSSL 3 otherwise looks the algorithm up by name at each digest.
  private static let algorithm = unsafe FetchedDigest(
    pointer: EVP_MD_fetch(nil, "SHA256", nil) ?? EVP_sha256()
  )
}

/// An immutable algorithm of OpenSSL's, which any thread may use.
@safe private struct FetchedDigest: @unchecked Sendable {
  let pointer: OpaquePointer?
}

/// Bytes from OpenSSL's generator, which reseeds itself from the kernel.
///
/// - Throws: `CryptoError` when there is no entropy; never returns predictable bytes.
package func randomBytes(_ count: Int) throws(CryptoError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: count)
  let ok = unsafe bytes.withUnsafeMutableBytes { buffer in
    unsafe RAND_bytes(
      buffer.baseAddress?.assumingMemoryBound(to: UInt8.self),
      CInt(clamping: buffer.count)
    )
  }
  guard ok == 1 else { throw .fromOpenSSL("draw random bytes") }
  return bytes
}

/// Whether two byte strings are equal, in a time that depends only on their lengths.
package func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  guard a.count == b.count else { return false }
  return unsafe a.withUnsafeBytes { a in
    unsafe b.withUnsafeBytes { b in
      unsafe CRYPTO_memcmp(a.baseAddress, b.baseAddress, a.count) == 0
    }
  }
}

/// scrypt (RFC 7914): a hash that is slow and takes memory on purpose.
///
/// - Parameters:
///   - password: Any bytes, also none.
///   - salt: Any bytes, also none.
///   - cost: What it is to cost; see `ScryptCost`.
///   - count: How many bytes to derive.
/// - Returns: The derived bytes.
/// - Throws: `CryptoError` when the cost is out of range or memory is short.
/// - Complexity: N·r·p steps and 128·N·r bytes: some 80 ms and 32 MiB at N = 2^15, r = 8, p = 1.
package func scrypt(
  password: [UInt8],
  salt: [UInt8],
  cost: ScryptCost,
  count: Int
) throws(CryptoError) -> [UInt8] {
  // With a null password, which an empty array's pointer may be, OpenSSL would only check the cost.
  let terminated = password + [0]
  var derived = [UInt8](repeating: 0, count: count)
  let ok = unsafe derived.withUnsafeMutableBytes { out in
    unsafe terminated.withUnsafeBytes { text in
      unsafe salt.withUnsafeBytes { salt in
        unsafe EVP_PBE_scrypt(
          text.baseAddress?.assumingMemoryBound(to: CChar.self),
          password.count,
          salt.baseAddress?.assumingMemoryBound(to: UInt8.self),
          salt.count,
          UInt64(1) << UInt64(cost.logN),
          UInt64(cost.r),
          UInt64(cost.p),
          UInt64(cost.memoryBytes),
          out.baseAddress?.assumingMemoryBound(to: UInt8.self),
          out.count
        )
      }
    }
  }
  guard ok == 1 else { throw .fromOpenSSL("hash with scrypt") }
  return derived
}
