import EchoSchema
import Testing

@testable import MartletRPC

/// `grpc-status-details-bin`: the serialized google.rpc.Status beside a status.
@Suite(.timeLimit(.minutes(1))) struct StatusDetailsTests {
  /// A google.rpc.Status: code 5, message "no boat".
  static let details: [UInt8] = [8, 5, 18, 7] + Array("no boat".utf8)

  @Test("details reach the caller beside code, message and metadata", arguments: [false, true])
  func overWire(afterResponse: Bool) async throws {
    var metadata = Metadata()
    try metadata.append("7", for: "attempt")
    let sent = RPCError(
      .notFound,
      "no boat",
      metadata: metadata,
      statusDetails: Self.details
    )
    let handler = CustomHandler(onExpand: { _, responses, _ in
      if afterResponse { try await responses.send(EchoResponse()) }
      throw sent
    })
    try await EchoFixture(handler: handler).run { client, _ in
      let call = try await client.expand(request())
      let error = await failure { for try await _ in call.responses {} }
      #expect(error == sent)
      #expect(error.metadata.entries.map(\.name) == ["attempt"])
    }
  }

  @Test(
    "details over the metadata limit are left out; the rest of the error is not",
    arguments: [(9_000, true), (20_000, false), (200_000, false)]
  )
  func tooLong(count: Int, arrives: Bool) async throws {
    var metadata = Metadata()
    try metadata.append("7", for: "attempt")
    let details = [UInt8](repeating: 9, count: count)
    let sent = RPCError(.aborted, "busy", metadata: metadata, statusDetails: details)
    let handler = CustomHandler(onGet: { _, _ in throw sent })
    try await EchoFixture(handler: handler).run { client, _ in
      let error = await failure { try await client.get(request()) }
      #expect(error.code == .aborted && error.message == "busy")
      #expect(error.metadata == metadata)
      #expect(error.statusDetails == (arrives ? details : nil))
    }
  }

  @Test("metadata over the limit is left out, and details that fit are not")
  func metadataTooLong() async throws {
    var metadata = Metadata()
    try metadata.append(String(repeating: "m", count: 100_000), for: "large")
    let sent = RPCError(.aborted, "busy", metadata: metadata, statusDetails: Self.details)
    let handler = CustomHandler(onGet: { _, _ in throw sent })
    try await EchoFixture(handler: handler).run { client, _ in
      let error = await failure { try await client.get(request()) }
      #expect(error == RPCError(.aborted, "busy", statusDetails: Self.details))
    }
  }

  @Test(
    "details are read padded and unpadded; what is not base64 is left out and harms nothing",
    arguments: [
      ("CAU", [UInt8(8), 5]), ("CAU=", [8, 5]), ("CAUS", [8, 5, 18]), ("CAUSAA==", [8, 5, 18, 0]),
      ("", []), ("***", nil), ("CAU==", nil), ("C", nil),
    ]
  )
  func received(text: String, expected: [UInt8]?) {
    var head = ReceivedHeaders()
    head.add(name: "grpc-status", value: "5")
    head.add(name: "grpc-message", value: "no boat")
    head.add(name: "grpc-status-details-bin", value: text)
    #expect(
      head.callStatus() == .failure(RPCError(.notFound, "no boat", statusDetails: expected))
    )
  }

  @Test("metadata cannot carry details past the error")
  func reserved() {
    var metadata = Metadata()
    #expect(throws: RPCError.self) {
      try metadata.append(Self.details, for: "grpc-status-details-bin")
    }
  }
}
