import JSONTestSchema
import MartletJSON
import MartletWire
import Testing
import WireTestSchema

@Suite("Limits and errors of JSON")
struct LimitsTests {
  private func tree(depth: Int, _ head: String, _ tail: String) -> String {
    String(repeating: head, count: depth) + "{}" + String(repeating: tail, count: depth)
  }

  @Test(
    "messages nest as deep as the limit, through fields, lists and maps",
    arguments: [
      ("{\"left\":", "}", 1), ("{\"children\":[", "]}", 1), ("{\"byName\":{\"a\":", "}}", 2),
    ]
  )
  func depth(head: String, tail: String, levels: Int) throws {
    #expect(refusal(Tree.self, tree(depth: 100 / levels, head, tail)) == nil)
    #expect(refusal(Tree.self, tree(depth: 100 / levels + 1, head, tail))?.reason == .tooDeep)
    #expect(refusal(Tree.self, tree(depth: 100_000, head, tail))?.reason == .tooDeep)
    var options = JSONDecodingOptions()
    options.maximumDepth = 2
    #expect(throws: Never.self) {
      try Tree(json: tree(depth: 2 / levels, head, tail), options: options)
    }
    #expect(throws: JSONError.self) {
      try Tree(json: tree(depth: 2 / levels + 1, head, tail), options: options)
    }
    options.maximumDepth = 0
    #expect(try Tree(json: "{\"name\":\"a\"}", options: options).name == "a")
    options.maximumDepth = .max
    #expect(try Tree(json: tree(depth: 200, head, tail), options: options) != Tree())
    var writing = JSONEncodingOptions()
    writing.maximumDepth = .max
    #expect(try Tree().jsonString(options: writing) == "{}")
  }

  @Test("what is passed over nests no deeper either")
  func ignoredDepth() {
    for (head, tail) in [("[", "]"), ("{\"a\":", "}")] {
      let inner = tree(depth: 99, head, tail)
      #expect(refusal(Tree.self, "{\"other\":\(inner)}", ignoring: true) == nil)
      let deeper = tree(depth: 100_000, head, tail)
      #expect(refusal(Tree.self, "{\"other\":\(deeper)}", ignoring: true)?.reason == .tooDeep)
    }
  }

  @Test("depth is of what is open, not of what was")
  func breadth() {
    let text = (0..<500).map { _ in "{\"left\":{},\"byName\":{}}" }.joined(separator: ",")
    #expect(refusal(Tree.self, "{\"children\":[\(text)]}") == nil)
    let ignored = (0..<500).map { _ in "[[],{}]" }.joined(separator: ",")
    #expect(refusal(Tree.self, "{\"other\":[\(ignored)]}", ignoring: true) == nil)
  }

  @Test("a text longer than the limit is refused unread")
  func size() throws {
    var options = JSONDecodingOptions()
    options.maximumBytes = 13
    #expect(try Scalars(json: "{\"fInt32\": 1}", options: options).fInt32 == 1)
    #expect {
      try Scalars(json: "{\"fInt32\":  1}", options: options)
    } throws: { ($0 as? JSONError) == JSONError(.tooLarge) }
  }

  @Test(
    "an error names the place",
    arguments: [
      (#"{"children":[{},{"left":{"name":1}}]}"#, "children[1].left.name"),
      (#"{"children":[{},{"left":{},"name":1}]}"#, "children[1].name"),
      (#"{"byName":{"a b":{"name":[]}}}"#, "byName.a b.name"),
      (#"{"name":"a,b:{[\"","left":{"x":1}}"#, "left.x"),
      (#"{"name":"a"}x"#, ""), (#"{"left":{}"#, "left"), ("[]", ""), ("", ""),
      (#"{"children":[{"name":"a"},3]}"#, "children[1]"), (#"{"children":[[]]}"#, "children[0]"),
    ]
  )
  func paths(text: String, path: String) {
    #expect(refusal(Tree.self, text)?.path == path)
  }

  @Test("an error says in words what is wrong, without what was sent")
  func words() throws {
    let secret = String(repeating: "secret", count: 1000)
    let error = try #require(refusal(Scalars.self, "{\"fInt32\":\"\(secret)\"}"))
    #expect(error.description == "fInt32: the text is not a number (byte 10)")
    let unknown = try #require(refusal(Scalars.self, "{\"\(secret)\":1}"))
    #expect(unknown.description.utf8.count < 150)
    let deep = String(repeating: "{\"byName\":{\"\(secret)\":", count: 20)
    let long = try #require(refusal(Tree.self, deep))
    #expect(long.description.utf8.count < 500)
    #expect("\(JSONError(.trailingText, offset: 3))" == "text follows the value (byte 3)")
  }

  @Test("every prefix of a text, and every text with one byte changed, is read or refused")
  func mutations() throws {
    let text = Array(
      #"""
      {"fDouble":[1.5e3,"NaN",-0],"fInt64":["-7",12],"fString":["a\u00e9\ud83d\ude00","ž"],
      "fBytes":["AQI="],"fLevel":["LEVEL_LOW",3],"fMessage":[{"fBool":true,"f_string":""},{}]}
      """#.utf8
    )
    #expect(throws: Never.self) { try Lists(json: text) }
    for count in 0..<text.count {
      #expect(throws: JSONError.self) { try Lists(json: Array(text[..<count])) }
    }
    var options = JSONDecodingOptions()
    for ignoring in [false, true] {
      options.ignoresUnknownFields = ignoring
      for place in text.indices {
        for byte in stride(from: 0 as UInt8, through: 255, by: 1) {
          var changed = text
          changed[place] = byte
          _ = try? Lists(json: changed, options: options)
        }
      }
    }
  }

  @Test("a text is read the same wherever it ends in memory")
  func placement() throws {
    let text = Array(#"{"snakeCaseName":1,"x":2,"aNameOfMoreThanSixteenBytesAndThenMore":3}"#.utf8)
    let message = try Names(json: text)
    for shift in 0..<16 {
      let bytes = [UInt8](repeating: 0x20, count: shift) + text
      let again = try unsafe bytes.withUnsafeBytes { buffer in
        unsafe try Names(json: UnsafeRawBufferPointer(rebasing: buffer[shift...]))
      }
      #expect(again == message)
    }
  }
}
