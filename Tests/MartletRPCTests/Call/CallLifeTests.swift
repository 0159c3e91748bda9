import Testing

@testable import MartletRPC

@Suite struct ServerCallLifeTests {
  private func running() -> ServerCallLife {
    var life = ServerCallLife()
    life.handlerStarted()
    return life
  }

  @Test("headers go out once, with the first response")
  func responses() {
    var life = running()
    #expect(life.sendResponse() == .headersAndMessage)
    #expect(life.sendResponse() == .message)
    life.requestsEnded()
    #expect(life.handlerReturned() == .trailers)
    #expect(life.sendResponse() == .drop)
    #expect(!life.isOver)
    life.streamClosed()
    #expect(life.isOver && !life.isCancelled)
  }

  @Test("a call without a response ends with trailers only")
  func trailersOnly() {
    var life = running()
    life.requestsEnded()
    #expect(life.handlerReturned() == .trailersOnly)
  }

  @Test("a handler may return before the client has finished")
  func early() {
    var life = running()
    #expect(life.handlerReturned() == .trailersOnly)
    #expect(life.requests == .open)
    var started = running()
    _ = started.sendResponse()
    #expect(started.handlerReturned() == .trailers)
  }

  @Test("the deadline sends a status at once, and the handler's own is dropped")
  func deadline() {
    var life = running()
    life.requestsEnded()
    #expect(life.ends() == .trailersOnly)
    #expect(life.isCancelled)
    #expect(life.sendResponse() == .drop)
    #expect(life.handlerReturned() == .drop)
  }

  @Test("a call whose stream is gone is over only when its handler has returned")
  func reset() {
    var life = running()
    life.streamClosed()
    #expect(life.isCancelled && !life.isOver)
    #expect(life.sendResponse() == .drop)
    #expect(life.handlerReturned() == .drop)
    #expect(life.isOver)
  }

  @Test("a call reset before its handler started is over at once")
  func resetBeforeStart() {
    var life = ServerCallLife()
    life.streamClosed()
    #expect(life.isOver && life.isCancelled)
  }
}

@Suite struct ClientCallLifeTests {
  private func open(maxRetries: Int = 2) -> ClientCallLife {
    var life = ClientCallLife(maxRetries: maxRetries)
    life.opened()
    return life
  }

  @Test("a status after the last request ends the call without a reset")
  func status() {
    var life = open()
    #expect(life.finishRequests() == true)
    #expect(life.answered() == true)
    #expect(life.end(.status) == .forget)
    #expect(life.end(.gaveUp) == .drop)
  }

  @Test("a status before the last request resets the stream with NO_ERROR")
  func earlyStatus() {
    var life = open()
    #expect(life.end(.status) == .reset(HTTP2Code.noError))
    #expect(life.finishRequests() == false)
  }

  @Test("giving up resets with CANCEL, and needs no reset while the call waits")
  func giveUp() {
    var life = open()
    #expect(life.end(.gaveUp) == .reset(HTTP2Code.cancel))
    var waiting = ClientCallLife(maxRetries: 0)
    #expect(waiting.end(.gaveUp) == .forget)
  }

  @Test("a call that the server has not seen is sent again, but not for ever")
  func retry() {
    var life = open()
    for _ in 0..<2 {
      #expect(close(&life, processed: false) == .retry)
      life.opened()
    }
    #expect(close(&life, processed: false) == .fail(status(.unavailable, 7)))
    #expect(life.phase == .open)
  }

  @Test("a call is not sent again once it was answered, or processed, or cannot be replayed")
  func noRetry() {
    var answered = open()
    _ = answered.answered()
    #expect(close(&answered, processed: false) != .retry)
    var processed = open()
    #expect(close(&processed, processed: true) != .retry)
    var forgotten = open()
    #expect(close(&forgotten, processed: false, canReplay: false) != .retry)
  }

  @Test("a lost connection is UNAVAILABLE with its cause")
  func lost() {
    var life = open()
    let action = life.streamClosed(
      code: nil,
      wasProcessed: true,
      canReplay: true,
      lossError: RPCError(.unavailable, "cable")
    )
    #expect(action == .fail(RPCError(.unavailable, "cable")))
  }

  @Test("a second block of headers is no answer")
  func twice() {
    var life = open()
    #expect(life.answered() == true)
    #expect(life.answered() == false)
  }

  private func close(
    _ life: inout ClientCallLife,
    processed: Bool,
    canReplay: Bool = true
  ) -> ClientCallLife.CloseAction {
    life.streamClosed(
      code: 7,
      wasProcessed: processed,
      canReplay: canReplay,
      lossError: RPCError(.unavailable, "")
    )
  }

  private func status(_ code: StatusCode, _ reset: Int) -> RPCError {
    RPCError(code, "the server reset the call (HTTP/2 code \(reset))")
  }
}

@Suite struct ResponseHeadTests {
  private func head(_ fields: [(String, String)], endsStream: Bool = false) -> ResponseHead {
    var headers = ReceivedHeaders()
    for (name, value) in fields { headers.add(name: name, value: value) }
    return ResponseHead(headers, endsStream: endsStream)
  }

  private let grpc = [(":status", "200"), ("content-type", "application/grpc+proto")]

  @Test("a gRPC head lets messages follow")
  func messages() {
    #expect(head(grpc) == .messages)
  }

  @Test("trailers-only carries the status, its message decoded")
  func trailersOnly() {
    let fields = grpc + [("grpc-status", "5"), ("grpc-message", "brak %C5%82odzi")]
    #expect(head(fields, endsStream: true) == .failed(RPCError(.notFound, "brak łodzi")))
    #expect(head(grpc + [("grpc-status", "0")], endsStream: true) == .ended(Metadata()))
    guard case .failed(let error) = head(grpc, endsStream: true) else {
      Issue.record("no status must be a failure")
      return
    }
    #expect(error.code == .unknown)
  }

  @Test("a proxy's answer is mapped by its HTTP status")
  func proxy() {
    for (http, code) in [
      ("503", StatusCode.unavailable), ("404", .unimplemented), ("500", .unknown),
    ] {
      guard case .failed(let error) = head([(":status", http), ("content-type", "text/html")])
      else {
        Issue.record("\(http) must be a failure")
        continue
      }
      #expect(error.code == code)
      #expect(error.message.contains(http))
    }
    guard case .failed(let error) = head([(":status", "200"), ("content-type", "text/html")]) else {
      Issue.record("a web page must be a failure")
      return
    }
    #expect(error.code == .unknown)
    #expect(error.message.contains("text/html"))
  }

  @Test("content types are application/grpc, alone or with a format or parameters")
  func contentTypes() {
    for type in ["application/grpc", "application/grpc+proto", "application/grpc; charset=x"] {
      #expect(ContentType.isGRPC(type))
    }
    for type in [
      nil, "", "application/grpcx", "application/grpc-web", "text/html", "application/json",
    ] {
      #expect(!ContentType.isGRPC(type))
    }
  }
}
