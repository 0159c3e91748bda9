internal import MartletNet

/// How a channel's calls are compressed.
struct ChannelEncodings {
  let configuration: ChannelCompression
  /// What the server may compress with.
  let accepted: AcceptedEncodings
  let contexts: CompressionContexts
  /// What the server takes compressed, once it has said so; forgotten when another connection is
  /// made, which may lead to another server.
  var serverAccepts: AcceptedEncodings?

  init(_ configuration: ChannelCompression, loop: EventLoop) {
    self.configuration = configuration
    accepted = AcceptedEncodings(configuration.accepted)
    contexts = CompressionContexts(loop: loop)
  }

  /// What a new call's requests are compressed with: what it asks for, unless the server does not
  /// take it.
  func encoding(for options: CallOptions) -> CompressionAlgorithm {
    let wanted = options.compression ?? configuration.requests
    guard wanted != .identity, let serverAccepts else { return wanted }
    return serverAccepts.contains(wanted) ? wanted : .identity
  }

  /// The frame compressed with `encoding`, if that is of use.
  func compress(_ frame: [UInt8], _ encoding: CompressionAlgorithm) -> [UInt8] {
    guard frame.count - Envelope.prefixLength >= configuration.minimumMessageBytes else {
      return frame
    }
    return contexts.compress(frame, encoding, level: configuration.level)
  }
}
