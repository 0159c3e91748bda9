internal import CLinux
internal import COpenSSL
internal import Glibc

/// A self-signed certificate for localhost, to run TLS on one's own machine.
package enum DevelopmentCertificate {
  /// Where it was written.
  package struct Files: Sendable {
    /// PEM; both what the server presents and what a client trusts.
    package var certificate: String
    /// PEM, readable by the owner only.
    package var privateKey: String
  }

  /// Writes `certificate.pem` and `key.pem` into `directory`, which must exist.
  ///
  /// EC P-256, for localhost, 127.0.0.1 and ::1. A client trusts it by `.file(certificate)`.
  /// Files that exist are left alone: then it throws `NetError.systemCall` with `EEXIST`.
  package static func write(directory: String, validDays: Int = 365) throws(NetError) -> Files {
    let files = Files(
      certificate: "\(directory)/certificate.pem",
      privateKey: "\(directory)/key.pem"
    )
    guard let key = martlet_EVP_P256_gen() else { throw .tls(lastTLSError("key")) }
    defer { EVP_PKEY_free(key) }
    let certificate = try makeCertificate(key, validDays: validDays)
    defer { X509_free(certificate) }
    try create(files.privateKey, mode: 0o600) {
      PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil)
    }
    try create(files.certificate, mode: 0o644) { PEM_write_bio_X509($0, certificate) }
    return files
  }

  private static func makeCertificate(
    _ key: OpaquePointer,
    validDays: Int
  ) throws(NetError) -> OpaquePointer {
    guard let certificate = X509_new() else { throw .tls(lastTLSError("X509_new")) }
    do throws(NetError) {
      try fill(certificate, key, validDays: validDays)
      return certificate
    } catch {
      X509_free(certificate)
      throw error
    }
  }

  private static func fill(
    _ certificate: OpaquePointer,
    _ key: OpaquePointer,
    validDays: Int
  ) throws(NetError) {
    let serial = UInt64.random(in: 1...UInt64(Int64.max))
    let name = X509_get_subject_name(certificate)
    // Backdated by an hour, for clients whose clock is slow.
    guard X509_set_version(certificate, 2) == 1,
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1,
      X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600) != nil,
      X509_time_adj_ex(X509_getm_notAfter(certificate), Int32(clamping: validDays), 0, nil) != nil,
      X509_set_pubkey(certificate, key) == 1,
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "localhost", -1, -1, 0) == 1,
      X509_set_issuer_name(certificate, name) == 1
    else { throw .tls(lastTLSError("certificate")) }
    let extensions: [(Int32, String)] = [
      (NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"),
      (NID_basic_constraints, "critical,CA:FALSE"),
      (NID_key_usage, "critical,digitalSignature"),
      (NID_ext_key_usage, "serverAuth,clientAuth"),
    ]
    for (kind, value) in extensions {
      guard let item = X509V3_EXT_conf_nid(nil, nil, kind, value) else {
        throw .tls(lastTLSError(value))
      }
      defer { X509_EXTENSION_free(item) }
      guard X509_add_ext(certificate, item, -1) == 1 else { throw .tls(lastTLSError(value)) }
    }
    guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw .tls(lastTLSError("sign")) }
  }

  private static func create(
    _ path: String,
    mode: UInt32,
    _ encode: (OpaquePointer) -> Int32
  ) throws(NetError) {
    guard let memory = BIO_new(BIO_s_mem()) else { throw .tls(lastTLSError("BIO_new")) }
    defer { BIO_free(memory) }
    guard encode(memory) == 1 else { throw .tls(lastTLSError(path)) }
    var text = [UInt8](repeating: 0, count: 8_192)
    let count = Int(BIO_read(memory, &text, Int32(text.count)))
    guard count > 0, count < text.count else { throw .tls(lastTLSError(path)) }
    let descriptor = martlet_create_file(path, mode)
    guard descriptor >= 0 else { throw .systemCall(name: "open \(path)", code: martlet_errno()) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, text, count) == count else {
      throw .systemCall(name: "write \(path)", code: martlet_errno())
    }
  }
}
