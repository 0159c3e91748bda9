public import MartletRPC

/// What ties together the log lines of one request, across processes.
///
/// `AccessLog` takes it from the metadata `x-request-id`, or makes one, and leaves it in the call
/// for the handler: `call[RequestID.self]`.
public enum RequestID: ServerCallKey {
  /// The identifier: 1 to 128 visible ASCII characters.
  public typealias Value = String

  /// The metadata that carries it.
  public static let metadataName = "x-request-id"

  /// Bytes of the longest one that is taken from a client.
  static let maxBytes = 128

  /// The client's own, if it may stand in a log, or a new one.
  static func of(_ metadata: Metadata) -> String {
    guard let given = metadata[metadataName], (1...maxBytes).contains(given.utf8.count),
      given.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return make() }
    return given
  }

  /// 16 random bytes in hexadecimal.
  static func make() -> String {
    let halves = [UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max)]
    return halves.map { half in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }.joined()
  }
}
