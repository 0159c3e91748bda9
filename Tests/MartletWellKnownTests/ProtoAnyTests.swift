import MartletWellKnown
import MartletWire
import Testing

@Suite struct ProtoAnyTests {
  private let time = ProtoTimestamp(seconds: 7, nanos: 8)

  @Test func whatIsPackedCanBeTakenOut() throws {
    let packed = ProtoAny(packing: time)
    #expect(packed.typeUrl == "type.googleapis.com/google.protobuf.Timestamp")
    #expect(packed.messageName == "google.protobuf.Timestamp")
    #expect(packed.is(ProtoTimestamp.self))
    #expect(!packed.is(ProtoDuration.self))
    #expect(try packed.unpack(as: ProtoTimestamp.self) == time)
  }

  @Test func packedMessagesSurviveTheWireNested() throws {
    let inner = ProtoAny(packing: time, urlPrefix: "example.com/types")
    let outer = try ProtoAny(decoding: ProtoAny(packing: inner).encoded())
    let found = try outer.unpack(as: ProtoAny.self)
    #expect(found.typeUrl == "example.com/types/google.protobuf.Timestamp")
    #expect(try found.unpack(as: ProtoTimestamp.self) == time)
  }

  @Test func anotherTypeIsRefusedByName() {
    #expect(throws: ProtoAny.UnpackError.holds("google.protobuf.Timestamp")) {
      try ProtoAny(packing: time).unpack(as: ProtoDuration.self)
    }
    #expect(throws: ProtoAny.UnpackError.holds("")) {
      try ProtoAny().unpack(as: ProtoDuration.self)
    }
  }

  @Test func malformedBytesAreRefused() {
    var packed = ProtoAny(packing: time)
    packed.value = [8]
    #expect(throws: ProtoAny.UnpackError.malformed(.truncated)) {
      try packed.unpack(as: ProtoTimestamp.self)
    }
  }

  @Test func aURLWithoutSlashOrNameNamesNothing() {
    for url in ["", "google.protobuf.Timestamp", "type.googleapis.com/"] {
      var packed = ProtoAny(packing: time)
      packed.typeUrl = url
      #expect(packed.messageName == nil)
      #expect(!packed.is(ProtoTimestamp.self))
    }
    var packed = ProtoAny(packing: time)
    packed.typeUrl = "/google.protobuf.Timestamp"
    #expect(packed.is(ProtoTimestamp.self))
  }
}
