/// What a server compresses, and what it takes compressed.
///
/// Never set compression on responses that mix a secret with what a peer can choose: the length of
/// what is sent then tells of the secret (CRIME, BREACH).
public struct ServerCompression: Sendable, Hashable {
  /// How responses are compressed, when the client accepts it and the call does not say otherwise.
  public enum Responses: Sendable, Hashable {
    /// All with one algorithm; `identity` leaves them as they are.
    case algorithm(CompressionAlgorithm)
    /// As the client compresses its requests.
    case likeRequests
  }

  /// What clients may compress with, besides `identity`.
  ///
  /// A call that uses another algorithm ends with UNIMPLEMENTED and is told these.
  public var accepted: Set<CompressionAlgorithm> = [.gzip, .deflate]
  /// How responses are compressed unless `ServerCall.responseCompression` says otherwise.
  public var responses: Responses = .algorithm(.identity)
  /// How hard to try, from 1 to 9 as zlib counts: each step costs time for a little less size.
  public var level = 1
  /// Messages below so many bytes go as they are.
  public var minimumMessageBytes = 256

  /// Creates the default: gzip and deflate are taken, responses are not compressed.
  public init() {}
}

/// What a channel compresses, and what it takes compressed.
public struct ChannelCompression: Sendable, Hashable {
  /// How requests are compressed unless `CallOptions.compression` says otherwise.
  ///
  /// A server that has said that it does not take it gets them uncompressed from then on.
  public var requests: CompressionAlgorithm = .identity
  /// What the server may compress with, besides `identity`.
  public var accepted: Set<CompressionAlgorithm> = [.gzip, .deflate]
  /// How hard to try, from 1 to 9 as zlib counts: each step costs time for a little less size.
  public var level = 1
  /// Messages below so many bytes go as they are.
  public var minimumMessageBytes = 256

  /// Creates the default: gzip and deflate are taken, requests are not compressed.
  public init() {}
}
