internal import Glibc

/// How messages are made smaller on the wire: gRPC's `Content-Coding`.
///
/// See <https://github.com/grpc/grpc/blob/master/doc/compression.md>.
public struct CompressionAlgorithm: Sendable, Hashable {
  enum Kind: UInt8, CaseIterable { case identity, deflate, gzip }

  let kind: Kind

  /// None: messages go as they are.
  public static let identity = CompressionAlgorithm(kind: .identity)
  /// RFC 1952's format, which every gRPC library has.
  public static let gzip = CompressionAlgorithm(kind: .gzip)
  /// RFC 1950's format (zlib), 12 bytes smaller a message than gzip and known to fewer libraries.
  public static let deflate = CompressionAlgorithm(kind: .deflate)

  /// The name in `grpc-encoding`: `identity`, `gzip` or `deflate`.
  public var name: String {
    switch kind {
    case .identity: "identity"
    case .deflate: "deflate"
    case .gzip: "gzip"
    }
  }

  /// The algorithm of a `grpc-encoding`; nil for one that is not here.
  init?(name: UnsafeRawBufferPointer) {
    if name.equals("gzip") {
      self = .gzip
    } else if name.equals("deflate") {
      self = .deflate
    } else if name.equals("identity") {
      self = .identity
    } else {
      return nil
    }
  }

  init(kind: Kind) { self.kind = kind }
}

extension CompressionAlgorithm: CustomStringConvertible {
  /// The same as `name`.
  public var description: String { name }
}

/// What a peer's `grpc-encoding` says of the messages that it marks as compressed.
enum PeerEncoding: UInt8, Sendable {
  case absent, identity, deflate, gzip
  /// One that is not here, or that this side does not accept.
  case refused

  init(_ name: UnsafeRawBufferPointer, accepting accepted: AcceptedEncodings) {
    guard let algorithm = CompressionAlgorithm(name: name), accepted.contains(algorithm) else {
      self = .refused
      return
    }
    switch algorithm.kind {
    case .identity: self = .identity
    case .deflate: self = .deflate
    case .gzip: self = .gzip
    }
  }

  init(_ name: String, accepting accepted: AcceptedEncodings) {
    var name = name
    self = name.withUTF8 { Self(UnsafeRawBufferPointer($0), accepting: accepted) }
  }

  /// What compressed messages are inflated with; nil when there may be none.
  var algorithm: CompressionAlgorithm? {
    switch self {
    case .absent, .identity, .refused: nil
    case .deflate: .deflate
    case .gzip: .gzip
    }
  }
}

/// A set of algorithms, in one byte: what `grpc-accept-encoding` says.
struct AcceptedEncodings: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  static let deflate = AcceptedEncodings(.deflate)
  static let gzip = AcceptedEncodings(.gzip)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  init(_ algorithms: some Sequence<CompressionAlgorithm>) {
    self = algorithms.reduce(into: []) { $0.insert(AcceptedEncodings($1)) }
  }

  /// Identity is in every set, and in none of the bits.
  private init(_ algorithm: CompressionAlgorithm) {
    rawValue = algorithm == .identity ? 0 : 1 << algorithm.kind.rawValue
  }

  /// Reads the header: names with commas between them, and spaces anywhere around.
  ///
  /// Names that are not known here are left out.
  init(header: UnsafeRawBufferPointer) {
    // What gRPC's C core and ourselves send, and grpc-go.
    if header.equals("identity, deflate, gzip") || header.equals("identity,deflate,gzip") {
      self = [.deflate, .gzip]
    } else if header.equals("gzip") {
      self = .gzip
    } else {
      self = header.split(separator: UInt8(ascii: ",")).reduce(into: []) { set, part in
        let name = UnsafeRawBufferPointer(rebasing: part).trimmingSpaces
        if let algorithm = CompressionAlgorithm(name: name) { set.formUnion(Self(algorithm)) }
      }
    }
  }

  init(_ header: String) {
    var header = header
    self = header.withUTF8 { Self(header: UnsafeRawBufferPointer($0)) }
  }

  func contains(_ algorithm: CompressionAlgorithm) -> Bool {
    isSuperset(of: AcceptedEncodings(algorithm))
  }

  /// The header's value, in the order of the C core's.
  var headerValue: StaticString {
    switch (contains(.deflate), contains(.gzip)) {
    case (true, true): "identity, deflate, gzip"
    case (true, false): "identity, deflate"
    case (false, true): "identity, gzip"
    case (false, false): "identity"
    }
  }
}

extension UnsafeRawBufferPointer {
  func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    guard let baseAddress else { return true }
    return memcmp(baseAddress, text.utf8Start, count) == 0
  }

  /// The bytes without spaces and tabs at either end.
  fileprivate var trimmingSpaces: UnsafeRawBufferPointer {
    var rest = self[...]
    while let byte = rest.first, byte == 0x20 || byte == 0x09 { rest.removeFirst() }
    while let byte = rest.last, byte == 0x20 || byte == 0x09 { rest.removeLast() }
    return UnsafeRawBufferPointer(rebasing: rest)
  }
}
