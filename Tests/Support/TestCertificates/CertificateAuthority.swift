internal import Glibc
package import TestFiles

/// An authority for one test: issues certificates and revokes them, by the `openssl` command.
package struct CertificateAuthority: Sendable {
  package enum KeyKind: Sendable { case ecdsa, rsa }

  /// A certificate's files, PEM.
  package struct Files: Sendable {
    package var certificate: String
    package var key: String

    package init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }

    /// SHA-256 of the public key as SubjectPublicKeyInfo, which is what clients pin.
    package func keyDigest(in directory: TemporaryDirectory) throws -> [UInt8] {
      let der = directory.file("public.der")
      try run("openssl", ["pkey", "-in", key, "-pubout", "-outform", "DER", "-out", der])
      let digest = directory.file("digest")
      try run("openssl", ["dgst", "-sha256", "-binary", "-out", digest, der])
      return try readFile(digest)
    }
  }

  /// Its own certificate, PEM: what those who trust it name as their roots.
  package let root: String
  private let key: String
  private let directory: TemporaryDirectory
  private let name: String

  /// Makes an authority whose files lie in `directory`.
  package init(_ name: String = "authority", in directory: TemporaryDirectory) throws {
    self.directory = directory
    self.name = name
    root = directory.file("\(name).pem")
    key = directory.file("\(name).key")
    let usage = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
    try make(certificate: root, key: key, .ecdsa, subject: "/CN=\(name)", usage, days: 30)
  }

  /// Issues a certificate.
  ///
  /// - Parameters:
  ///   - file: the name of its files.
  ///   - subject: in OpenSSL's form, `/O=Example/CN=tracker`.
  ///   - names: subject alternative names in OpenSSL's form, `DNS:localhost`, `URI:spiffe://…`.
  ///   - kind: the key's algorithm.
  ///   - isAuthority: whether it may issue others.
  /// - Returns: where the certificate and its key are.
  /// - Throws: when `openssl` refuses.
  package func issue(
    _ file: String,
    subject: String = "/CN=localhost",
    names: [String] = ["DNS:localhost", "IP:127.0.0.1"],
    _ kind: KeyKind = .ecdsa,
    isAuthority: Bool = false
  ) throws -> Files {
    let files = Files(
      certificate: directory.file("\(file).pem"),
      key: directory.file("\(file).key")
    )
    var extensions = ["basicConstraints=critical,CA:\(isAuthority ? "TRUE" : "FALSE")"]
    if !names.isEmpty { extensions.append("subjectAltName=\(names.joined(separator: ","))") }
    let issuer = ["-CA", root, "-CAkey", key]
    try make(
      certificate: files.certificate,
      key: files.key,
      kind,
      subject: subject,
      extensions,
      issuer,
      days: 20
    )
    return files
  }

  /// Issues a certificate for `localhost` that expires after `seconds`.
  package func issue(_ file: String, subject: String, expiringAfter seconds: Int) throws -> Files {
    let files = Files(
      certificate: directory.file("\(file).pem"),
      key: directory.file("\(file).key")
    )
    let configuration = try writeConfiguration()
    let request = directory.file("\(file).csr")
    try run(
      "openssl",
      ["req", "-new", "-config", "/dev/null", "-nodes", "-newkey", "ec"]
        + ["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", files.key, "-out", request]
        + ["-subj", subject]
    )
    try run(
      "openssl",
      ["ca", "-batch", "-notext", "-config", configuration, "-keyfile", key, "-cert", root]
        + ["-in", request, "-out", files.certificate, "-enddate", utcTime(in: seconds)]
    )
    return files
  }

  /// Issues an authority below this one.
  package func intermediate(_ name: String) throws -> CertificateAuthority {
    let files = try issue(name, subject: "/CN=\(name)", names: [], isAuthority: true)
    return CertificateAuthority(files, name, directory)
  }

  private init(_ files: Files, _ name: String, _ directory: TemporaryDirectory) {
    root = files.certificate
    key = files.key
    self.directory = directory
    self.name = name
  }

  /// Writes the list of what is revoked, PEM, and returns its path.
  package func revocationList(of revoked: [Files]) throws -> String {
    let configuration = try writeConfiguration()
    let list = directory.file("\(name).crl")
    let common = ["ca", "-config", configuration, "-keyfile", key, "-cert", root]
    for files in revoked { try run("openssl", common + ["-revoke", files.certificate]) }
    try run("openssl", common + ["-gencrl", "-out", list])
    return list
  }

  /// For `openssl ca`, with a register that is empty.
  private func writeConfiguration() throws -> String {
    let configuration = directory.file("\(name).cnf")
    try writeFile(directory.file("\(name).index"), [])
    try writeFile(
      configuration,
      Array(
        """
        [ca]
        default_ca = this
        [this]
        database = \(directory.file("\(name).index"))
        default_md = sha256
        default_crl_days = 10
        default_days = 10
        rand_serial = yes
        new_certs_dir = \(directory.path)
        policy = any
        x509_extensions = names
        [names]
        subjectAltName = DNS:localhost
        [any]
        commonName = supplied
        """.utf8
      )
    )
    return configuration
  }

  private func make(
    certificate: String,
    key: String,
    _ kind: KeyKind,
    subject: String,
    _ extensions: [String],
    _ issuer: [String] = [],
    days: Int
  ) throws {
    let algorithm =
      kind == .rsa ? ["rsa:2048"] : ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    let added = extensions.flatMap { ["-addext", $0] }
    // Without a configuration, or the system's would add extensions of its own.
    let arguments =
      ["req", "-x509", "-utf8", "-config", "/dev/null", "-nodes", "-newkey"] + algorithm
      + ["-keyout", key, "-out", certificate, "-days", "\(days)", "-subj", subject] + added + issuer
    try run("openssl", arguments)
  }
}

/// The time so many seconds from now in the form that certificates have, `260131235959Z`.
private func utcTime(in seconds: Int) -> String {
  var end = time(nil) + seconds
  var parts = tm()
  gmtime_r(&end, &parts)
  return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
    buffer.initialize(repeating: 0)
    strftime(buffer.baseAddress, buffer.count, "%y%m%d%H%M%SZ", &parts)
    return buffer.baseAddress.map { String(cString: $0) } ?? ""
  }
}
