import Testing

@testable import MartletRPC

@Suite struct StatusTests {
  @Test("the seventeen codes have the numbers and names of statuscodes.md")
  func numbers() {
    let names = [
      "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
      "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
      "UNAUTHENTICATED",
    ]
    #expect(StatusCode.allCases.map(\.rawValue) == Array(0...16))
    #expect(StatusCode.allCases.map(\.name) == names)
  }

  @Test(
    "a grpc-status that is no known number is UNKNOWN",
    arguments: ["17", "-1", "", "x", "1e1"]
  )
  func unknownStatus(text: String) {
    #expect(StatusCode(header: text) == .unknown)
  }

  @Test("HTTP statuses map as http-grpc-status-mapping.md says")
  func httpStatus() {
    let expected: [(Int, StatusCode)] = [
      (400, .internal), (401, .unauthenticated), (403, .permissionDenied), (404, .unimplemented),
      (429, .unavailable), (502, .unavailable), (503, .unavailable), (504, .unavailable),
      (500, .unknown), (418, .unknown), (302, .unknown),
    ]
    for (http, code) in expected { #expect(StatusCode(httpStatus: http) == code) }
  }

  @Test("reset codes map as PROTOCOL-HTTP2.md says")
  func resetCodes() {
    let expected: [StatusCode] = [
      .internal, .internal, .internal, .internal, .internal, .internal, .internal, .unavailable,
      .cancelled, .internal, .internal, .resourceExhausted, .permissionDenied,
    ]
    #expect((0...12).map { StatusCode(resetCode: $0) } == expected)
  }

  @Test("what a handler throws becomes a status that leaks nothing")
  func handlerErrors() {
    struct Secret: Error { let query = "SELECT password" }
    struct Named: RPCErrorConvertible {
      var rpcError: RPCError { RPCError(.notFound, "no such row") }
    }
    let own = RPCError(.aborted, "try again")
    #expect(RPCError(handlerError: own) == own)
    #expect(RPCError(handlerError: Named()) == RPCError(.notFound, "no such row"))
    #expect(RPCError(handlerError: CancellationError()).code == .cancelled)
    #expect(RPCError(handlerError: RPCError(.ok, "")).code == .unknown)
    let hidden = RPCError(handlerError: Secret())
    #expect(hidden.code == .unknown)
    #expect(!hidden.message.contains("Secret") && !hidden.message.contains("SELECT"))
  }
}
