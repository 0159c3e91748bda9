internal import COpenSSL

/// A certificate that the peer showed and that was verified.
package struct PeerCertificate: Hashable, Sendable {
  /// The subject in RFC 2253 form, such as `CN=tracker,O=Example`.
  package var subject = ""
  /// Subject alternative names (RFC 5280, 4.2.1.6) by their kind, in the certificate's order.
  package var dnsNames: [String] = []
  /// As `dnsNames`; a SPIFFE identity is here.
  package var uris: [String] = []
  /// As `dnsNames`.
  package var emailAddresses: [String] = []
  /// As `dnsNames`, in their numeric form.
  package var ipAddresses: [String] = []
  /// The certificate itself, DER.
  package var der: [UInt8] = []

  /// Reads what OpenSSL has parsed.
  init(_ certificate: OpaquePointer) {
    subject = Self.text(X509_get_subject_name(certificate))
    der = Self.encoding(certificate)
    readAlternativeNames(certificate)
  }

  private mutating func readAlternativeNames(_ certificate: OpaquePointer) {
    guard let found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return }
    let names = OpaquePointer(found)
    defer { martlet_GENERAL_NAMES_free(names) }
    for index in 0..<max(0, OPENSSL_sk_num(names)) {
      guard let name = OPENSSL_sk_value(names, index) else { continue }
      var kind: Int32 = 0
      guard
        let value = GENERAL_NAME_get0_value(name.assumingMemoryBound(to: GENERAL_NAME.self), &kind)
      else { continue }
      add(kind, value)
    }
  }

  /// Kinds without a text of their own (directory names, registered ids, other names) are in `der`.
  private mutating func add(_ kind: Int32, _ value: UnsafeMutableRawPointer) {
    guard [GEN_DNS, GEN_URI, GEN_EMAIL, GEN_IPADD].contains(kind) else { return }
    let string = value.assumingMemoryBound(to: ASN1_STRING.self)
    let count = Int(ASN1_STRING_length(string))
    guard count > 0, let start = ASN1_STRING_get0_data(string) else { return }
    let bytes = UnsafeBufferPointer(start: start, count: count)
    if kind == GEN_IPADD {
      if let address = SocketAddress(bytes: Array(bytes), port: 0) {
        ipAddresses.append(address.host)
      }
      return
    }
    // IA5String: ASCII. A NUL inside a name once made others read a shorter one; such a name is none.
    guard bytes.allSatisfy({ $0 > 0 && $0 < 128 }) else { return }
    let text = String(decoding: bytes, as: UTF8.self)
    switch kind {
    case GEN_DNS: dnsNames.append(text)
    case GEN_URI: uris.append(text)
    default: emailAddresses.append(text)
    }
  }

  private static func text(_ name: OpaquePointer?) -> String {
    guard let name, let memory = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(memory) }
    guard X509_NAME_print_ex(memory, name, 0, martlet_name_flags_rfc2253()) >= 0 else { return "" }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 512)
    while true {
      let count = Int(BIO_read(memory, &buffer, Int32(buffer.count)))
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += buffer[..<count]
    }
  }

  private static func encoding(_ certificate: OpaquePointer) -> [UInt8] {
    let count = Int(i2d_X509(certificate, nil))
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      var end = buffer.baseAddress
      used = max(0, Int(i2d_X509(certificate, &end)))
    }
  }
}
