import MartletJSON
import MartletWellKnown
import MartletWire
import Testing
import WireTestSchema

@Suite("JSON of Any")
struct AnyJSONTests {
  private let prefix = "type.googleapis.com/google.protobuf."

  private func reason(reading json: String, ignoring: Bool = false) -> JSONError.Reason? {
    var options = JSONDecodingOptions()
    options.ignoresUnknownFields = ignoring
    do throws(JSONError) {
      _ = try ProtoAny(json: json, options: options)
      return nil
    } catch {
      return error.reason
    }
  }

  private func check(_ message: ProtoAny, _ json: String) throws {
    #expect(try message.jsonString() == json)
    #expect(try ProtoAny(json: json) == message)
  }

  @Test("fields of a message stand beside its type")
  func ordinary() throws {
    let context = ProtoSourceContext.with { $0.fileName = "a.proto" }
    try check(
      ProtoAny(packing: context),
      #"{"@type":"\#(prefix)SourceContext","fileName":"a.proto"}"#
    )
    try check(ProtoAny(packing: ProtoEmpty()), #"{"@type":"\#(prefix)Empty"}"#)
  }

  @Test("types with JSON of their own stand under value, an Any too")
  func special() throws {
    let time = ProtoAny(packing: ProtoTimestamp(), urlPrefix: "example.com/a/b")
    let json =
      #"{"@type":"example.com/a/b/google.protobuf.Timestamp","value":"1970-01-01T00:00:00Z"}"#
    try check(time, json)
    try check(ProtoAny(packing: time), #"{"@type":"\#(prefix)Any","value":\#(json)}"#)
    try check(
      ProtoAny(packing: ProtoValue.null),
      #"{"@type":"\#(prefix)Value","value":null}"#
    )
    try check(
      ProtoAny(packing: ["a": 1] as ProtoStruct),
      #"{"@type":"\#(prefix)Struct","value":{"a":1}}"#
    )
  }

  @Test("the type may stand anywhere, written with escapes too")
  func typeLast() throws {
    let type = #""\u0040type": "\#(prefix)SourceContext""#
    let expected = ProtoAny(packing: ProtoSourceContext.with { $0.fileName = "a" })
    #expect(try ProtoAny(json: #"{"fileName": "a", \#(type)}"#) == expected)
    let duration = #"{ "value" : "1s" , "@type" : "\#(prefix)Duration" }"#
    #expect(try ProtoAny(json: duration) == ProtoAny(packing: ProtoDuration(seconds: 1)))
  }

  @Test("an Any that holds nothing is an empty object")
  func empty() throws {
    try check(ProtoAny(), "{}")
  }

  @Test("what a registry adds can be held; without it the error says so")
  func registry() throws {
    let packed = ProtoAny(packing: KnownChoice())
    let json = #"{"@type":"type.googleapis.com/wiretest.v1.KnownChoice"}"#
    var writing = JSONEncodingOptions()
    #expect(throws: JSONError(.unknownType)) { try packed.jsonString(options: writing) }
    #expect(reason(reading: json) == .unknownType)
    writing.registry.register(KnownChoice.self)
    var reading = JSONDecodingOptions()
    reading.registry.register(KnownChoice.self)
    #expect(try packed.jsonString(options: writing) == json)
    #expect(try ProtoAny(json: json, options: reading) == packed)
  }

  @Test(
    "malformed ones are refused",
    arguments: [
      (#"{"value":"1s"}"#, .invalidAny),
      (#"{"@type":""}"#, .invalidAny),
      (#"{"@type":"google.protobuf.Empty"}"#, .invalidAny),
      (#"{"@type":"type.googleapis.com/"}"#, .invalidAny),
      (#"{"@type":1}"#, .wrongType),
      (#"{"@type":null}"#, .unexpectedNull),
      (#"{"@type":"type.googleapis.com/no.Such"}"#, .unknownType),
      (#"{"@type":"a/google.protobuf.Empty","@type":"a/google.protobuf.Empty"}"#, .duplicateField),
      (#"{"@type":"a/google.protobuf.Duration"}"#, .invalidAny),
      (#"{"@type":"a/google.protobuf.Duration","value":"x"}"#, .invalidDuration),
      (#"{"@type":"a/google.protobuf.Duration","value":"1s","value":"1s"}"#, .duplicateField),
      (#"{"@type":"a/google.protobuf.Duration","value":"1s","b":1}"#, .unknownField),
      (#"{"@type":"a/google.protobuf.Empty","b":1}"#, .unknownField),
      ("[]", .wrongType),
    ] as [(String, JSONError.Reason)]
  )
  func malformed(json: String, reason: JSONError.Reason) {
    #expect(self.reason(reading: json) == reason)
  }

  @Test("members that nobody knows are ignored on request, but no missing type is")
  func ignored() {
    let json = #"{"b":[{}],"@type":"a/google.protobuf.Duration","value":"1s"}"#
    #expect(reason(reading: json, ignoring: true) == nil)
    #expect(reason(reading: #"{"b":1}"#, ignoring: true) == .invalidAny)
  }

  @Test("an Any in an Any is read and written as deep as the limit")
  func depth() throws {
    var packed = ProtoAny(packing: ProtoEmpty())
    for _ in 0..<100 { packed = ProtoAny(packing: packed) }
    let json = try packed.jsonString()
    #expect(try ProtoAny(json: json) == packed)
    let tooDeep = ProtoAny(packing: packed)
    #expect(throws: JSONError.self) { try tooDeep.jsonString() }
    #expect(reason(reading: #"{"@type":"\#(prefix)Any","value":\#(json)}"#) == .tooDeep)
  }

  @Test("bytes that are not of the type have no JSON")
  func malformedBytes() {
    var packed = ProtoAny(packing: ProtoEmpty())
    packed.value = [7]
    #expect(throws: JSONError(.invalidAny)) { try packed.jsonString() }
    packed.typeUrl = ""
    #expect(throws: JSONError(.invalidAny)) { try packed.jsonString() }
  }
}
