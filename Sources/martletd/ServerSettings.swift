internal import Glibc
internal import Logging

/// What the server is to do: flags and environment, checked.
struct ServerSettings: Sendable {
  /// Where clients find a certificate.
  enum Security: Sendable, Equatable {
    case plaintext
    /// Files that the operator gave.
    case files(certificate: String, key: String)
    /// A certificate for localhost, made in the data directory.
    case development
  }

  /// The port that is used when none is given.
  static let standardPort = 7443

  /// An address to listen on.
  enum Address: Sendable, Equatable {
    case tcp(host: String, port: Int)
    /// A socket's file, as a proxy on the same machine uses it.
    case unix(path: String)
  }

  var data: String
  var listen: [Address]
  var security: Security
  /// Whether clients may ask for the schema.
  var reflection: Bool
  var loops: Int
  /// Nothing: 64 for new data, and what there is for old.
  var buckets: Int?
  var logLevel: Logger.Level
  var drain: Duration

  /// Checks flags, and the environment where a flag is not given.
  init(_ options: ServerOptions, environment: (String) -> String?) throws(StartFailure) {
    func value(_ flag: String?, _ name: String) -> String? {
      flag ?? environment("MARTLETD_" + name)
    }
    data = value(options.data, "DATA") ?? "data"
    let addresses =
      options.listen.isEmpty
      ? (environment("MARTLETD_LISTEN") ?? "127.0.0.1").split(separator: ",").map(String.init)
      : options.listen
    listen = try addresses.map { text throws(StartFailure) in try Self.address(text) }
    let certificate = value(options.tlsCertificate, "TLS_CERTIFICATE")
    let key = value(options.tlsKey, "TLS_KEY")
    let plaintext = options.plaintext || environment("MARTLETD_PLAINTEXT") == "1"
    security = try Self.security(plaintext: plaintext, certificate: certificate, key: key)
    reflection = options.reflection || environment("MARTLETD_REFLECTION") == "1"
    loops = try Self.number(
      value(options.loops, "LOOPS")
        ?? String(max(1, min(256, sysconf(Int32(_SC_NPROCESSORS_ONLN))))),
      "--loops",
      1...256
    )
    let buckets = value(options.buckets, "BUCKETS")
    self.buckets = try buckets.map { text throws(StartFailure) in
      try Self.number(text, "--buckets", 1...4096)
    }
    let level = value(options.logLevel, "LOG_LEVEL") ?? "info"
    guard let logLevel = Logger.Level(rawValue: level) else {
      throw .usage(
        "--log-level \(level): must be one of "
          + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      )
    }
    self.logLevel = logLevel
    drain = .seconds(
      try Self.number(
        value(options.drainSeconds, "DRAIN_SECONDS") ?? "10",
        "--drain-seconds",
        0...3600
      )
    )
  }

  /// `127.0.0.1:7443`, `[::1]:7443`, `localhost:7443`, a host alone, or `unix:PATH`.
  private static func address(_ text: String) throws(StartFailure) -> Address {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty else { throw .usage("--listen \(text): the path is missing") }
      return .unix(path: path)
    }
    let (host, port) = try hostAndPort(text)
    return .tcp(host: host, port: port)
  }

  private static func hostAndPort(_ text: String) throws(StartFailure) -> (String, Int) {
    func fail(_ reason: String) -> StartFailure {
      .usage("--listen \(text): \(reason); give HOST:PORT, like 127.0.0.1:7443 or [::1]:7443")
    }
    var host = text[...]
    var port: Substring?
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { throw fail("the bracket is not closed") }
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { throw fail("a colon belongs after ]") }
      host = text[text.index(after: text.startIndex)..<end]
      port = rest.isEmpty ? nil : rest.dropFirst()
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
      port = text[text.index(after: colon)...]
      if host.contains(":") { throw fail("an IPv6 address belongs in brackets") }
    }
    guard !host.isEmpty else { throw fail("the host is missing") }
    guard let port else { return (String(host), standardPort) }
    guard let number = UInt16(port), port.allSatisfy(\.isNumber) else {
      throw fail("\(port.isEmpty ? "the port is missing" : "\(port) is no port (0 to 65535)")")
    }
    return (String(host), Int(number))
  }

  private static func security(
    plaintext: Bool,
    certificate: String?,
    key: String?
  ) throws(StartFailure) -> Security {
    switch (certificate, key) {
    case (let certificate?, let key?):
      if plaintext { throw .usage("--plaintext and --tls-certificate exclude each other") }
      return .files(certificate: certificate, key: key)
    case (nil, nil): return plaintext ? .plaintext : .development
    case (_?, nil): throw .usage("--tls-certificate needs --tls-key")
    case (nil, _?): throw .usage("--tls-key needs --tls-certificate")
    }
  }

  private static func number(
    _ text: String,
    _ flag: String,
    _ range: ClosedRange<Int>
  ) throws(StartFailure) -> Int {
    guard let number = Int(text), range.contains(number) else {
      throw .usage("\(flag) \(text): must be \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
