import MartletHTTP2
import MartletNet
import Testing

@Suite struct StreamTests {
  @Test("a request with a body gets its response, body and trailers", arguments: [Int.max, 1])
  func roundTrip(fragment: Int) async throws {
    let pair = try await Pair(fragment: fragment, echo: true)
    let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let call = try await pair.request(body)
    try await eventually(pair.loop, "the stream closes") { call.closed == [.noError] }
    try await on(pair.loop) {
      #expect(call.body == body)
      #expect(call.ended == 1)
      #expect(call.heads.map(\.kind) == [.response, .trailers])
      #expect(call.value("grpc-status") == "0")
      let seen = try #require(pair.server.streams.first)
      #expect(seen.value(":path") == "/martlet.v1.Test/Echo")
      #expect(seen.value("x-note") == "grüße")
      #expect(seen.closed == [.noError])
    }
    await pair.stop()
  }
}
