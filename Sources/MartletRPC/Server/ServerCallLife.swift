/// The life of one call, as the server sees it: which event may come when, and what to do about it.
///
/// A value without I/O. Its graph is in docs/call-life.md. An event that makes no sense is our bug
/// and traps, the peer's violation and fails the call, or a legal race and is dropped; the last are
/// marked.
package struct ServerCallLife {
  package enum Requests: Hashable { case open, ended }
  package enum Responses: Hashable { case unsent, started, ended }
  package enum Handler: Hashable { case notStarted, running, returned }

  package private(set) var requests = Requests.open
  package private(set) var responses = Responses.unsent
  package private(set) var handler = Handler.notStarted
  /// Whether the stream is gone: no frame can be sent or will arrive.
  package private(set) var isClosed = false
  /// Whether the call ended by anything but its handler's return.
  package private(set) var isCancelled = false

  package init() {}

  /// What to send for a response.
  package enum SendAction: Hashable {
    /// The response headers, then the message.
    case headersAndMessage
    case message
    /// Nothing: the call is over.
    ///
    /// Race: the deadline, the client or a shutdown was faster.
    case drop
  }

  /// How to send a status.
  ///
  /// When the client still sends, HTTP/2's layer follows it with RST_STREAM(NO_ERROR).
  package enum StatusAction: Hashable {
    /// Headers and trailers in one block.
    case trailersOnly
    case trailers
    /// Nothing: a status was sent, or the stream is gone.
    ///
    /// Race: as for `SendAction.drop`.
    case drop
  }

  /// Whether nothing holds the call any more: the stream is gone and no task runs.
  package var isOver: Bool { isClosed && handler != .running }

  package mutating func handlerStarted() {
    precondition(handler == .notStarted && !isClosed, "a handler starts once, on an open stream")
    handler = .running
  }

  /// END_STREAM has come.
  package mutating func requestsEnded() {
    requests = .ended
  }

  package mutating func sendResponse() -> SendAction {
    guard !isClosed else { return .drop }
    switch responses {
    case .unsent:
      responses = .started
      return .headersAndMessage
    case .started: return .message
    case .ended: return .drop
    }
  }

  /// The response headers shall go out before any message.
  package mutating func sendHeaders() -> Bool {
    guard !isClosed, responses == .unsent else { return false }
    responses = .started
    return true
  }

  package mutating func handlerReturned() -> StatusAction {
    precondition(handler == .running, "a handler returns once")
    handler = .returned
    return sendStatus()
  }

  /// The call ends without its handler: a violation of the peer's, the deadline, a shutdown.
  package mutating func ends() -> StatusAction {
    isCancelled = true
    return sendStatus()
  }

  /// RST_STREAM has come, the connection is lost, or both sides have said all.
  package mutating func streamClosed() {
    isClosed = true
    if responses != .ended { isCancelled = true }
  }

  private mutating func sendStatus() -> StatusAction {
    guard !isClosed else { return .drop }
    let before = responses
    responses = .ended
    switch before {
    case .unsent: return .trailersOnly
    case .started: return .trailers
    case .ended: return .drop
    }
  }
}
