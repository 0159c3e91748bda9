package import MartletNet

/// What a header list that has just ended was.
package enum HTTP2HeadersKind: Sendable { case request, response, trailers }

/// The user of one stream. Every call comes on the connection's loop.
///
/// Buffers are valid only during the call. It is safe to call any method of the stream or of its
/// connection from here: nothing is freed before the turn ends, and nothing calls back at once.
package protocol HTTP2StreamDelegate: AnyObject {
  /// One header field, pseudo-header fields (`:method`, `:path`, `:status`…) included.
  /// Interim (1xx) responses are not reported.
  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  )
  /// The header list is complete. With `endStream`, `streamDidReachEnd` follows.
  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool)
  /// A piece of the body. Give its bytes back with `consume` when they have been used up.
  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer)
  /// The peer has said all (after its trailers, if it sent any).
  func streamDidReachEnd(_ stream: HTTP2Stream)
  /// `bufferedBytes` fell to the low-water mark after it had reached the high one.
  func streamDidBecomeWritable(_ stream: HTTP2Stream)
  /// The last call: `noError` once both sides have ended, else who reset it says why.
  /// `refusedStream` means that the server has not touched the request.
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode)
}

/// One request and its response. Confined to the connection's loop.
///
/// After `streamDidClose`, every method does nothing.
package final class HTTP2Stream: @unchecked Sendable {
  package let id: Int32
  package unowned let connection: HTTP2Connection
  package var loop: EventLoop { connection.loop }
  package var delegate: (any HTTP2StreamDelegate)?

  init(id: Int32, connection: HTTP2Connection) {
    self.id = id
    self.connection = connection
  }

  package var isClosed: Bool { fatalError("coming") }
  /// The peer has ended its side.
  package var isRemoteEnded: Bool { fatalError("coming") }

  /// Sends the response's head; with `endStream` that is all (trailers-only).
  package func submitResponse(_ headers: HTTP2HeaderList, endStream: Bool = false) {}
  /// Queues a piece of the body; it goes out as flow control allows. Takes the array, copies nothing.
  package func write(_ bytes: [UInt8]) {}
  /// Ends our side after what was written, with trailers if there are any.
  package func finish(trailers: HTTP2HeaderList? = nil) {}
  /// Ends both sides at once; `streamDidClose` follows. What was not sent is dropped.
  package func reset(_ code: HTTP2ErrorCode) {}

  /// Bytes written that no frame has taken yet.
  package var bufferedBytes: Int { fatalError("coming") }
  /// False from the high-water mark until the low-water mark.
  package var isWritable: Bool { fatalError("coming") }

  /// Gives `count` received bytes back to the peer's window. Never more than were received;
  /// what a closed stream did not consume is given back by itself.
  package func consume(_ count: Int) {}
}
