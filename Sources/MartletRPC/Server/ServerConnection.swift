internal import MartletHTTP2
internal import MartletNet

/// One connection of a server, and the delegate of its streams until each is known to be a call.
final class ServerConnection: HTTP2ConnectionDelegate, HTTP2StreamDelegate {
  /// Until the connection is closed, they hold each other.
  private let owner: ServerLoop
  private let router: Router
  private let accepted: AcceptedEncodings
  /// Made for the first call: then all that it says is known, and an idle connection has none.
  private var info: ConnectionInfo?
  /// The request whose headers are coming in.
  ///
  /// One is enough: HTTP/2 never interleaves two header blocks.
  @exclusivity(unchecked) private var head = RequestHead()
  /// Calls of this connection whose stream is open or whose handler still runs.
  @exclusivity(unchecked) var callCount = 0
  /// Whose calls these are, for limits of one peer; set with the first call where there are any.
  private(set) var peerKey: String?

  init(_ owner: ServerLoop) {
    self.owner = owner
    router = owner.router
    accepted = owner.acceptedEncodings
  }

  // MARK: The connection

  func connectionDidBecomeReady(_ connection: HTTP2Connection) {}

  func connection(_ connection: HTTP2Connection, didOpen stream: HTTP2Stream)
    -> any HTTP2StreamDelegate
  {
    // What came of a request whose stream was reset within its headers is none of this one's.
    head = RequestHead()
    return self
  }

  func connection(_ connection: HTTP2Connection, didReceiveGoAway code: HTTP2ErrorCode) {}

  func connectionDidChangeCapacity(_ connection: HTTP2Connection) {}

  func connectionDidClose(_ connection: HTTP2Connection, error: HTTP2Error?) {
    owner.connectionClosed(connection)
  }

  // MARK: A stream that is no call yet, or never becomes one

  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {
    head.add(name: headerName, value: value, router: router, accepting: accepted)
  }

  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {
    guard kind == .request else { return }
    switch head.verdict {
    case .call(let route, let timeout):
      if callCount >= owner.maxCallsPerConnection {
        stream.submitResponse(Self.tooManyCalls, endStream: true)
      } else if let refused = refuses(stream) {
        stream.submitResponse(refused, endStream: true)
      } else {
        begin(route, timeout, on: stream)
      }
    case .refused(let error):
      stream.submitResponse(refusal(error), endStream: true)
    case .refusedEncoding:
      let accepted = owner.acceptedEncodings.headerValue
      var headers = refusal(
        RPCError(.unimplemented, "the request's grpc-encoding is none of \(accepted)")
      )
      headers.append("grpc-accept-encoding", accepted)
      stream.submitResponse(headers, endStream: true)
    case .http(let status, let text):
      stream.submitResponse(ResponseHeaders.plainText(status: status))
      stream.write(Array(text.utf8))
      stream.finish()
    }
    head = RequestHead()
  }

  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) {
    stream.consume(data.count)
  }

  func streamDidReachEnd(_ stream: HTTP2Stream) {}
  func streamDidBecomeWritable(_ stream: HTTP2Stream) {}
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) {}

  private func info(of connection: HTTP2Connection) -> ConnectionInfo {
    if let info { return info }
    let made = ConnectionInfo(connection.transport)
    info = made
    return made
  }

  /// The answer to a call for which there is no room; nil when it may begin.
  private func refuses(_ stream: HTTP2Stream) -> HTTP2HeaderList? {
    guard let admission = owner.admission else { return nil }
    let peer = peerKey ?? CallAdmission.key(of: info(of: stream.connection).peerAddress)
    peerKey = peer
    guard let refused = admission.enter(peer, now: owner.loop.now) else { return nil }
    var headers = refusal(refused.error)
    if let pushback = refused.pushback {
      // Not less than what it takes, and no client needs it to the nanosecond.
      let milliseconds = pushback.clampedNanoseconds / 1_000_000 + 1
      headers.append("grpc-retry-pushback-ms", String(milliseconds))
    }
    return headers
  }

  private func refusal(_ error: RPCError) -> HTTP2HeaderList {
    ResponseHeaders.trailersOnly(
      error,
      Metadata(),
      maxMessageBytes: owner.configuration.limits.maxStatusMessageBytes
    )
  }

  /// HTTP/2 counts streams only: who resets them, or gives them a deadline that is over at once,
  /// could start handlers without end.
  private static let tooManyCalls = ResponseHeaders.trailersOnly(
    RPCError(.resourceExhausted, "too many calls that were given up still run"),
    Metadata(),
    maxMessageBytes: .max
  )

  private func begin(_ route: Route, _ timeout: Duration?, on stream: HTTP2Stream) {
    let core = ServerCallCore(owner: owner, route: route, bounds: owner.bounds)
    let call = ServerCall(
      core: core,
      method: route.method.path,
      metadata: head.metadata,
      deadline: timeout.map { ContinuousClock.now.advanced(by: $0) },
      connection: info(of: stream.connection)
    )
    if owner.isDraining { call.markShutdown() }
    core.stream = stream
    core.peerEncoding = head.encoding
    core.peerAccepts = head.accepted
    core.owningConnection = self
    callCount += 1
    stream.delegate = core
    owner.callBegan(core)
    core.begin(call, timeout: timeout)
  }
}

extension ServerCallCore: HTTP2StreamDelegate {
  /// Trailers of a request mean nothing to gRPC.
  func stream(
    _ stream: HTTP2Stream,
    headerName: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {}

  func stream(_ stream: HTTP2Stream, didEndHeaders kind: HTTP2HeadersKind, endStream: Bool) {}

  func stream(_ stream: HTTP2Stream, didReceive data: UnsafeRawBufferPointer) { received(data) }
  func streamDidReachEnd(_ stream: HTTP2Stream) { requestsEnded() }
  func streamDidBecomeWritable(_ stream: HTTP2Stream) { wakeWaiters() }
  func streamDidClose(_ stream: HTTP2Stream, errorCode: HTTP2ErrorCode) { streamClosed() }
}
