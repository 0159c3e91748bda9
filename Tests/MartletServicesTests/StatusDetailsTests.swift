import EchoSchema
import MartletRPC
import MartletServices
import MartletWire
import MartletWellKnown
import Testing

@Suite("Details of a status")
struct StatusDetailsTests {
  private let violation = GoogleRPCBadRequest.with {
    $0.fieldViolations = [
      .with {
        $0.field = "name"
        $0.description_ = "is empty"
      }
    ]
  }

  @Test("details cross the wire, typed, in order")
  func roundTrip() async throws {
    let retry = GoogleRPCRetryInfo.with { $0.retryDelay = .with { $0.seconds = 7 } }
    let thrown = RPCError(.invalidArgument, "no name", details: [violation, retry])
    let service = RPCService(
      name: "test.v1.Failing",
      methods: [.unary(failing) { _, _ in throw thrown }]
    )
    try await withChannel(to: [service]) { channel in
      let error = await #expect(throws: RPCError.self) {
        _ = try await channel.unary(failing, EchoRequest())
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message == "no name")
      #expect(
        error?.details.map(\.messageName) == [
          "google.rpc.BadRequest", "google.rpc.RetryInfo",
        ]
      )
      #expect(error?.detail(GoogleRPCBadRequest.self) == violation)
      #expect(error?.detail(GoogleRPCRetryInfo.self) == retry)
      #expect(error?.detail(GoogleRPCHelp.self) == nil)
    }
  }

  private let failing = MethodDescriptor<EchoRequest, EchoResponse>(
    service: "test.v1.Failing",
    name: "Fail",
    kind: .unary
  )

  @Test("an error without details has a status all the same")
  func withoutDetails() {
    let error = RPCError(.notFound, "nothing there")
    #expect(
      error.status
        == .with {
          $0.code = 5
          $0.message = "nothing there"
        }
    )
    #expect(error.details.isEmpty)
  }

  @Test("code and message are the call's, whatever the details say; bad bytes are no details")
  func foreignBytes() {
    let lie = GoogleRPCStatus.with {
      $0.code = 0
      $0.message = "all is well"
      $0.details = [ProtoAny(packing: violation)]
    }
    let error = RPCError(.aborted, "it is not", statusDetails: lie.encoded())
    #expect(error.status.code == 10)
    #expect(error.status.message == "it is not")
    #expect(error.detail(GoogleRPCBadRequest.self) == violation)

    let broken = RPCError(.aborted, "it is not", statusDetails: [0x0a, 0xff])
    #expect(broken.status.code == 10)
    #expect(broken.details.isEmpty)

    let malformed = GoogleRPCStatus.with {
      var detail = ProtoAny(packing: violation)
      detail.value = [0x0a, 0xff]
      $0.details = [detail, ProtoAny(packing: violation)]
    }
    let second = RPCError(.aborted, "", statusDetails: malformed.encoded())
    #expect(second.detail(GoogleRPCBadRequest.self) == violation)
  }
}
