import JSONTestSchema
import MartletJSON
import MartletWire
import Testing
import WireTestSchema

/// Texts made to cost more than their length: what takes a moment here took minutes.
@Suite("The cost of hostile JSON")
struct HostileCostTests {
  @Test(
    "a text of combining marks is compared by its bytes, or refused as a map's key",
    arguments: [
      (#"{"#, #"":1}"#, JSONError.Reason.unknownField),
      (#"{"any":{"value":1,"x"#, #"":1,"@type":"a/google.protobuf.Int32Value"}}"#, .unknownField),
      (#"{"any":{"@type":"a/b"#, #""}}"#, .unknownType),
      (#"{"doubleValue":"N"#, #""}"#, .invalidNumber),
      (#"{"struct":{"a"#, #"":1}}"#, .tooManyMarks),
    ]
  )
  func combiningMarks(head: String, tail: String, reason: JSONError.Reason) {
    let marks = String(repeating: "\u{301}\u{316}", count: 300_000)
    let head = head == "{" ? "{\"x" : head
    let clock = ContinuousClock()
    let time = clock.measure { #expect(refusal(Known.self, head + marks + tail)?.reason == reason) }
    #expect(time < .seconds(10))
  }

  @Test("keys of maps are refused for their marks whatever the map's values are")
  func keys() {
    let marks = "e" + String(repeating: "\u{301}\u{316}", count: 65)
    #expect(refusal(Maps.self, #"{"stringLevel":{"\#(marks)":1}}"#)?.reason == .tooManyMarks)
    #expect(refusal(Maps.self, #"{"boolUint64":{"\#(marks)":1}}"#)?.reason == .wrongType)
  }

  @Test("empty messages in lists and maps take no more memory than allowed")
  func elements() throws {
    let list = Array(repeating: "{}", count: 1000).joined(separator: ",")
    var options = JSONDecodingOptions()
    options.maximumElementBytes = 1000 * MemoryLayout<Scalars>.stride
    #expect(try Lists(json: #"{"fMessage":[\#(list)]}"#, options: options).fMessage.count == 1000)
    options.maximumElementBytes -= 1
    #expect {
      try Lists(json: #"{"fMessage":[\#(list)]}"#, options: options)
    } throws: { ($0 as? JSONError)?.reason == .tooManyElements }
    let map = (0..<1000).map { "\"\($0)\":{}" }.joined(separator: ",")
    #expect {
      try Maps(json: #"{"stringScalars":{\#(map)}}"#, options: options)
    } throws: { ($0 as? JSONError)?.reason == .tooManyElements }
  }
}
