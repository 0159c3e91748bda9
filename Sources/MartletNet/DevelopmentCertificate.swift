/// A self-signed certificate for localhost, to run a TLS server on one's own machine.
package enum DevelopmentCertificate {
  /// Where it was written.
  package struct Files: Sendable {
    package var certificate: String
    package var privateKey: String
  }

  /// Writes `certificate.pem` and `key.pem` (mode 0600) into `directory`, which must exist:
  /// EC P-256, for localhost, 127.0.0.1 and ::1. A client trusts it by `.file(certificate)`.
  package static func write(directory: String, validDays: Int = 365) throws(NetError) -> Files {
    fatalError("coming")
  }
}
