/// The life of one call, as the client sees it: which event may come when, and what to do about it.
///
/// A value without I/O. Its graph is in docs/call-life.md.
package struct ClientCallLife {
  package enum Phase: Hashable {
    /// No stream yet, or none any more: the call waits for a connection.
    case waiting
    /// A stream carries it; the server has not answered.
    case open
    /// The response headers are here.
    case answered
    /// It has its status.
    case ended
  }

  package private(set) var phase = Phase.waiting
  /// Whether the last request is sent.
  package private(set) var requestsFinished = false
  /// How often the call was given to a new connection after one that provably did not process it.
  package private(set) var retries = 0
  private let maxRetries: Int

  package init(maxRetries: Int) {
    self.maxRetries = maxRetries
  }

  /// What the end of a stream means.
  package enum CloseAction: Hashable {
    /// The server has not seen the call: open it again elsewhere.
    case retry
    /// End it with this, or try again later.
    case fail(RPCError)
    /// Nothing: the call has its status.
    case drop
  }

  /// What to do with the stream when the call ends.
  package enum EndAction: Hashable {
    /// RST_STREAM with this code.
    case reset(UInt32)
    /// Nothing to reset.
    case forget
    /// Nothing: it had ended before.
    ///
    /// Race: two causes at once; the first one counts.
    case drop
  }

  /// A stream was opened for the call.
  package mutating func opened() {
    precondition(phase == .waiting, "a call has one stream at a time")
    phase = .open
  }

  /// Whether nothing of an answer has come, so that the call may be made again.
  package var mayRetry: Bool { phase == .waiting || phase == .open }

  /// The attempt failed, and another follows after a wait.
  package mutating func retryLater() -> EndAction {
    let hadStream = phase == .open
    precondition(mayRetry, "a call that was answered is not made again")
    phase = .waiting
    return hadStream && !requestsFinished ? .reset(HTTP2Code.cancel) : .forget
  }

  package mutating func finishRequests() -> Bool {
    guard !requestsFinished, phase != .ended else { return false }
    requestsFinished = true
    return true
  }

  /// The response headers have come.
  ///
  /// Returns whether they are the first: a second block without END_STREAM is a violation of the
  /// server's, after the end it is a race.
  package mutating func answered() -> Bool {
    guard phase == .open else { return false }
    phase = .answered
    return true
  }

  /// The call ends with what the server sent, or with a failure on this side.
  package mutating func end(_ cause: EndCause) -> EndAction {
    let before = phase
    guard before != .ended else { return .drop }
    phase = .ended
    guard before != .waiting else { return .forget }
    switch cause {
    case .status: return requestsFinished ? .forget : .reset(HTTP2Code.noError)
    case .gaveUp: return .reset(HTTP2Code.cancel)
    }
  }

  /// The server has said all and no status among it, or reset the call with NO_ERROR
  /// (PROTOCOL-HTTP2.md, "Errors").
  package static let noStatus = RPCError(.internal, "the server ended the call without a status")

  /// Who ended a call.
  package enum EndCause {
    /// The server, with a status.
    case status
    /// This side: the caller, the deadline, a violation of the server's.
    case gaveUp
  }

  /// The stream is gone without a status.
  ///
  /// - Parameters:
  ///   - code: HTTP/2's error code; nil when the connection was lost.
  ///   - wasProcessed: false when the server provably did not look at the call (GOAWAY,
  ///     REFUSED_STREAM).
  ///   - canReplay: whether all that was sent is still here.
  ///   - lossError: the call's status when the connection was lost.
  /// - Returns: what becomes of the call.
  package mutating func streamClosed(
    code: UInt32?,
    wasProcessed: Bool,
    canReplay: Bool,
    lossError: RPCError
  ) -> CloseAction {
    guard phase != .ended else { return .drop }
    if !wasProcessed, phase == .open, canReplay, retries < maxRetries {
      retries += 1
      phase = .waiting
      return .retry
    }
    guard let code else { return .fail(lossError) }
    if code == HTTP2Code.noError { return .fail(Self.noStatus) }
    let status = StatusCode(resetCode: code)
    return .fail(RPCError(status, "the server reset the call (HTTP/2 code \(code))"))
  }
}

/// HTTP/2's error codes that calls use (RFC 9113, section 7).
package enum HTTP2Code {
  package static let noError: UInt32 = 0x0
  package static let internalError: UInt32 = 0x2
  package static let cancel: UInt32 = 0x8
}
