import Testing

@testable import MartletRPC

@Suite struct MetadataTests {
  @Test("values of a name keep their order, and names are lowered")
  func order() throws {
    var metadata = Metadata()
    try metadata.append("1", for: "X-Trace")
    try metadata.append("other", for: "y")
    try metadata.append("2", for: "x-trace")
    #expect(metadata["x-trace"] == "1")
    #expect(metadata.values(for: "x-trace") == ["1", "2"])
    try metadata.set("3", for: "x-trace")
    #expect(metadata.entries.map(\.name) == ["y", "x-trace"])
  }

  @Test(
    "the protocol's own names cannot be set",
    arguments: [
      ":path", "te", "content-type", "grpc-timeout", "grpc-x", "host", "connection", "TE",
    ]
  )
  func reserved(name: String) {
    var metadata = Metadata()
    #expect(throws: RPCError.self) { try metadata.append("x", for: name) }
    #expect(metadata.isEmpty)
  }

  @Test("malformed names and values cannot be set")
  func malformed() {
    var metadata = Metadata()
    for name in ["", "a b", "ä", "a:b", "a\n"] {
      #expect(throws: RPCError.self) { try metadata.append("x", for: name) }
    }
    for value in ["é", "a\r\nb", " a", "a ", "\u{7f}"] {
      #expect(throws: RPCError.self) { try metadata.append(value, for: "a") }
    }
    #expect(throws: RPCError.self) { try metadata.append("text", for: "a-bin") }
    #expect(throws: RPCError.self) { try metadata.append([1, 2], for: "a") }
    #expect(metadata.isEmpty)
  }

  @Test("a failed replacement leaves the old value")
  func failedSet() throws {
    var metadata = Metadata()
    try metadata.append("old", for: "a")
    #expect(throws: RPCError.self) { try metadata.set("\n", for: "a") }
    #expect(metadata["a"] == "old")
  }

  @Test("bytes are base64 without padding on the wire")
  func binaryOut() throws {
    var metadata = Metadata()
    try metadata.append([0, 0xff], for: "trace-bin")
    #expect(metadata.entries.first?.wireValue == "AP8")
    #expect(metadata.binaryValues(for: "trace-bin") == [[0, 0xff]])
  }

  @Test("received bytes are split at commas, padded or not, and what is not base64 is dropped")
  func binaryIn() {
    var metadata = Metadata()
    metadata.receive(name: "t-bin", value: "AP8=, Zg,***,,Zm9v")
    #expect(metadata.binaryValues(for: "t-bin") == [[0, 0xff], [0x66], [], [0x66, 0x6f, 0x6f]])
  }

  @Test("received text keeps its commas and what is not ASCII")
  func textIn() {
    var metadata = Metadata()
    metadata.receive(name: "a", value: "1, 2, é")
    metadata.receive(name: "content-type", value: "application/grpc")
    metadata.receive(name: "grpc-encoding", value: "identity")
    #expect(metadata.entries == [Metadata.Entry(name: "a", value: .text("1, 2, é"))])
  }
}
