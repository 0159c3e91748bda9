import CoreMetrics
import EchoSchema
import MartletObservability
import MartletRPC
import MetricsTestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct CallMetricsTests {
  private let get = ("grpc.method", "martlet.test.v1.EchoService/Get")

  @Test("calls are counted, timed and measured by method and status, on both sides")
  func metrics() async throws {
    let metrics = TestMetrics()
    let fixture = ObservabilityFixture(
      server: [CallMetrics(factory: metrics)],
      client: [CallMetrics(target: "echo", factory: metrics)]
    )
    try await fixture.run { client in
      try await ObservabilityFixture.callAll(client)
      #expect(await waitUntil { Self.durations(metrics) == 12 })
    }
    try check(metrics, "grpc.server.call.", [get])
    try check(metrics, "grpc.client.call.", [get, ("grpc.target", "echo")])

    let expand = [
      ("grpc.method", "martlet.test.v1.EchoService/Expand"), ("grpc.status", "OK"),
    ]
    let sent = try metrics.expectRecorder(
      "grpc.server.call.sent_total_compressed_message_size",
      expand
    )
    // Four letters with tag and length, three times; the second and third have an index.
    #expect(sent.values == [3 * 6 + 2 * 2])
  }

  @Test("a call that was made again is one call, and its retries are recorded")
  func retries() async throws {
    let metrics = TestMetrics()
    var fixture = ObservabilityFixture(client: [CallMetrics(factory: metrics)])
    fixture.retries = RetryPolicy(
      maxAttempts: 3,
      initialBackoff: .milliseconds(1),
      retryableCodes: [.unavailable]
    )
    try await fixture.run { client in
      var failing = ObservabilityFixture.request("")
      failing.status = UInt32(StatusCode.unavailable.rawValue)
      _ = try? await client.get(failing)
      _ = try await client.get(ObservabilityFixture.request("fine"))
    }
    let prefix = "grpc.client.call."
    #expect(try metrics.expectCounter(prefix + "started", [get]).totalValue == 2)
    #expect(try metrics.expectRecorder(prefix + "retries", [get]).values == [2])
    #expect(metrics.recorders.allSatisfy { $0.label != prefix + "transparent_retries" })
  }

  private func check(
    _ metrics: TestMetrics,
    _ prefix: String,
    _ dimensions: [(String, String)]
  ) throws {
    #expect(try metrics.expectCounter(prefix + "started", dimensions).totalValue == 3)
    for code in ["OK", "PERMISSION_DENIED"] {
      let full = dimensions + [("grpc.status", code)]
      #expect(try metrics.expectTimer(prefix + "duration", full).values.count == 1)
    }
    // Of a deadline, the client's word may come before the server's own clock.
    let late = ["DEADLINE_EXCEEDED", "CANCELLED"].flatMap { code in
      metrics.timers(
        label: prefix + "duration",
        dimensions: dimensions + [("grpc.status", code)]
      ).flatMap(\.values)
    }
    #expect(late.count == 1 && late.allSatisfy { $0 > 80_000_000 && $0 < 9_000_000_000 })
    let full = dimensions + [("grpc.status", "OK")]
    let sent = try metrics.expectRecorder(prefix + "sent_total_compressed_message_size", full)
    let received = try metrics.expectRecorder(prefix + "rcvd_total_compressed_message_size", full)
    #expect(sent.values == [6] && received.values == [6])
  }

  private static func durations(_ metrics: TestMetrics) -> Int {
    metrics.timers.reduce(0) { $0 + $1.values.count }
  }
}
