import MartletJSON
import MartletWellKnown
import MartletWire
import Testing

@Suite("JSON of protobuf's own types")
struct WellKnownJSONTests {
  private func check(_ message: some JSONMessage, _ json: String) throws {
    #expect(try message.jsonString() == json)
    #expect(try type(of: message).init(json: json) == message)
  }

  private func expect<M: JSONMessage>(
    _ reason: JSONError.Reason,
    reading json: String,
    as type: M.Type
  ) {
    #expect(throws: reason, "\(json)") {
      do throws(JSONError) { _ = try M(json: json) } catch { throw error.reason }
    }
  }

  private func expect(_ reason: JSONError.Reason, writing message: some JSONMessage) {
    #expect(throws: reason) {
      do throws(JSONError) { _ = try message.jsonBytes() } catch { throw error.reason }
    }
  }

  @Test("times and durations are strings")
  func times() throws {
    try check(ProtoTimestamp(seconds: 0, nanos: 10_000_000), #""1970-01-01T00:00:00.010Z""#)
    try check(ProtoDuration(seconds: -1, nanos: -5), #""-1.000000005s""#)
    #expect(try ProtoTimestamp(json: #""1970-01-01T01:00:00+01:00""#) == ProtoTimestamp())
    #expect(try ProtoDuration(json: #"  "\u0031.5s" "#) == ProtoDuration(.milliseconds(1500)))
  }

  @Test("times and durations that protobuf does not allow are neither read nor written")
  func invalidTimes() {
    expect(.invalidTimestamp, writing: ProtoTimestamp(seconds: 253_402_300_800))
    expect(.invalidTimestamp, writing: ProtoTimestamp(seconds: 0, nanos: -1))
    expect(.invalidDuration, writing: ProtoDuration(seconds: 1, nanos: -1))
    expect(.invalidTimestamp, reading: #""2026-02-30T00:00:00Z""#, as: ProtoTimestamp.self)
    expect(.invalidTimestamp, reading: #""\u0000""#, as: ProtoTimestamp.self)
    expect(.invalidDuration, reading: #""1""#, as: ProtoDuration.self)
    expect(.wrongType, reading: "1", as: ProtoDuration.self)
    expect(.unexpectedNull, reading: "null", as: ProtoTimestamp.self)
    let long = "\"" + String(repeating: "0", count: 100_000) + "\""
    expect(.invalidTimestamp, reading: long, as: ProtoTimestamp.self)
  }

  @Test("field masks are strings of paths in lowerCamelCase that lead back to the schema's")
  func fieldMasks() throws {
    try check(["foo_bar", "a.b_c"] as ProtoFieldMask, #""fooBar,a.bC""#)
    try check(ProtoFieldMask(), #""""#)
    expect(.invalidFieldMask, writing: ["foo_3"] as ProtoFieldMask)
    expect(.invalidFieldMask, reading: #""foo_bar""#, as: ProtoFieldMask.self)
  }

  @Test("wrappers are the values they hold")
  func wrappers() throws {
    try check(ProtoDoubleValue(-.infinity), #""-Infinity""#)
    try check(ProtoFloatValue(1.5), "1.5")
    try check(ProtoInt64Value(.min), #""-9223372036854775808""#)
    try check(ProtoUInt64Value(.max), #""18446744073709551615""#)
    try check(ProtoInt32Value(0), "0")
    try check(ProtoUInt32Value(7), "7")
    try check(ProtoBoolValue(false), "false")
    try check(ProtoStringValue("ä\n"), #""ä\n""#)
    try check(ProtoBytesValue([255]), #""/w==""#)
    expect(.outOfRange, reading: "2147483648", as: ProtoInt32Value.self)
  }

  @Test("a Value is any JSON")
  func values() throws {
    try check(ProtoValue.null, "null")
    try check(true as ProtoValue, "true")
    try check(-1.5 as ProtoValue, "-1.5")
    try check("" as ProtoValue, #""""#)
    try check([nil, [1], ["a": [:]]] as ProtoValue, #"[null,[1],{"a":{}}]"#)
    try check(["a": nil] as ProtoStruct, #"{"a":null}"#)
    try check([nil, "b"] as ProtoListValue, #"[null,"b"]"#)
    try check(ProtoStruct(), "{}")
    try check(ProtoListValue(), "[]")
  }

  @Test("a Value without a kind and numbers that JSON lacks have no JSON")
  func invalidValues() {
    expect(.invalidValue, writing: ProtoValue())
    expect(.invalidValue, writing: [0, ProtoValue(.nan)] as ProtoListValue)
    expect(.invalidValue, writing: ["a": ProtoValue(.infinity)] as ProtoStruct)
    expect(.outOfRange, reading: "1e999", as: ProtoValue.self)
    expect(.duplicateKey, reading: #"{"a":1,"a":2}"#, as: ProtoStruct.self)
    expect(.wrongType, reading: "[]", as: ProtoStruct.self)
    expect(.wrongType, reading: "{}", as: ProtoListValue.self)
  }

  @Test("lists and objects nest as deep as the limit, whatever their kinds, in both directions")
  func depth() throws {
    for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
      func nested(_ levels: Int) -> String {
        String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
      }
      let limit = JSONDecodingOptions().maximumDepth + 1
      #expect(try ProtoValue(json: nested(limit)).jsonString() == nested(limit))
      expect(.tooDeep, reading: nested(limit + 1), as: ProtoValue.self)
      expect(.tooDeep, reading: nested(1_000_000), as: ProtoValue.self)
    }
    var value: ProtoValue = 1
    for _ in 0..<200 { value = [value] }
    expect(.tooDeep, writing: value)
  }

  @Test("an object's fields are sorted on request")
  func deterministic() throws {
    var options = JSONEncodingOptions()
    options.isDeterministic = true
    let object: ProtoStruct = ["b": 1, "a": 2, "c": ["z": 1, "y": 2]]
    #expect(try object.jsonString(options: options) == #"{"a":2,"b":1,"c":{"y":2,"z":1}}"#)
  }

  @Test("an empty message is an empty object")
  func empty() throws {
    try check(ProtoEmpty(), "{}")
    expect(.unknownField, reading: #"{"a":1}"#, as: ProtoEmpty.self)
  }
}
