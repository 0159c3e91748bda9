internal import MartletHTTP2

extension ServerCallCore {
  /// The headers before the first response, which settle what responses are compressed with.
  var leadingHeaders: HTTP2HeaderList {
    if !call.hasMetadata, peerAccepts.isEmpty, peerEncoding == .absent {
      return ResponseHeaders.plain
    }
    var headers = ResponseHeaders.leading(call.responseMetadata)
    if !peerAccepts.isEmpty { encoding = responseEncoding }
    if encoding != .identity { headers.append("grpc-encoding", encoding.name) }
    // Who compresses wants to know whether it may go on.
    if peerEncoding != .absent {
      headers.append("grpc-accept-encoding", owner.acceptedEncodings.headerValue)
    }
    return headers
  }

  /// What the call or the server asks for, if the client takes it.
  var responseEncoding: CompressionAlgorithm {
    let wanted = call.responseCompression ?? configuredEncoding
    return peerAccepts.contains(wanted) ? wanted : .identity
  }

  private var configuredEncoding: CompressionAlgorithm {
    switch owner.configuration.compression.responses {
    case .algorithm(let algorithm): algorithm
    case .likeRequests: peerEncoding.algorithm ?? .identity
    }
  }
}
