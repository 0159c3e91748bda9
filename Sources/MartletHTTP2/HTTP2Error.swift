package import MartletNet

/// An error code of RFC 9113, section 7.
package struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable {
  package var rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let noError = HTTP2ErrorCode(rawValue: 0x0)
  package static let protocolError = HTTP2ErrorCode(rawValue: 0x1)
  package static let internalError = HTTP2ErrorCode(rawValue: 0x2)
  package static let flowControlError = HTTP2ErrorCode(rawValue: 0x3)
  package static let settingsTimeout = HTTP2ErrorCode(rawValue: 0x4)
  package static let streamClosed = HTTP2ErrorCode(rawValue: 0x5)
  package static let frameSizeError = HTTP2ErrorCode(rawValue: 0x6)
  package static let refusedStream = HTTP2ErrorCode(rawValue: 0x7)
  package static let cancel = HTTP2ErrorCode(rawValue: 0x8)
  package static let compressionError = HTTP2ErrorCode(rawValue: 0x9)
  package static let connectError = HTTP2ErrorCode(rawValue: 0xa)
  package static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 0xb)
  package static let inadequateSecurity = HTTP2ErrorCode(rawValue: 0xc)
  package static let http11Required = HTTP2ErrorCode(rawValue: 0xd)
  /// Not a code of the wire: the connection ended below the stream.
  package static let connectionLost = HTTP2ErrorCode(rawValue: .max)
}

/// Why an HTTP/2 connection ended, or refused something.
package enum HTTP2Error: Error, Equatable, Sendable {
  /// The bytes below failed.
  case transport(NetError)
  /// The peer broke the protocol; we answered with this code.
  case peerViolation(HTTP2ErrorCode, String)
  /// The peer ended the connection with this code.
  case goAway(HTTP2ErrorCode, String)
  /// The peer does not speak HTTP/2.
  case notHTTP2
  /// The connection takes no new streams: it drains, is closed, or has used up its stream ids.
  case noNewStreams
  /// The peer allows no further stream at present.
  case tooManyStreams
  /// A request's header list is over `HTTP2Limits.maxSentHeaderListBytes`.
  case headersTooLong
  /// The peer did not answer a PING in time.
  case keepaliveTimeout
}

extension HTTP2Error {
  /// What the peer is told in GOAWAY's debug data (RFC 9113, section 6.8).
  var debugText: String {
    if case .peerViolation(_, let text) = self { return text }
    return ""
  }
}
