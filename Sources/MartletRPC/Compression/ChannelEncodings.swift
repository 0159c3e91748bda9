internal import MartletNet

/// How a channel's calls are compressed.
struct ChannelEncodings {
  let configuration: ChannelCompression
  /// What the server may compress with.
  let accepted: AcceptedEncodings
  let contexts: CompressionContexts
  /// What the server at the end of each open connection takes compressed, once it has said so.
  ///
  /// Servers of one name need not be alike, so each connection is remembered by itself.
  private var taken: [ObjectIdentifier: AcceptedEncodings] = [:]

  init(_ configuration: ChannelCompression, loop: EventLoop) {
    self.configuration = configuration
    accepted = AcceptedEncodings(configuration.accepted)
    contexts = CompressionContexts(loop: loop)
  }

  /// What a new call's requests are compressed with: what it asks for, unless a server that it may
  /// come to does not take it.
  ///
  /// Messages are compressed before it is known which connection carries them.
  func encoding(for options: CallOptions) -> CompressionAlgorithm {
    let wanted = options.compression ?? configuration.requests
    guard wanted != .identity, !taken.isEmpty else { return wanted }
    return taken.values.allSatisfy { $0.contains(wanted) } ? wanted : .identity
  }

  /// The server at the end of a connection has said what it takes.
  mutating func learned(_ accepted: AcceptedEncodings, of connection: ObjectIdentifier) {
    taken[connection] = accepted
  }

  /// The connection is closed; another one may lead to another server.
  mutating func forget(_ connection: ObjectIdentifier) {
    taken[connection] = nil
  }

  /// The frame compressed with `encoding`, if that is of use.
  func compress(_ frame: [UInt8], _ encoding: CompressionAlgorithm) -> [UInt8] {
    guard frame.count - Envelope.prefixLength >= configuration.minimumMessageBytes else {
      return frame
    }
    return contexts.compress(frame, encoding, level: configuration.level)
  }
}
