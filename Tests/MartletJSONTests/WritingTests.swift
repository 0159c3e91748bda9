import MartletJSON
import MartletWire
import Testing
import WireTestSchema

@Suite("Writing JSON")
struct WritingTests {
  @Test("fields have JSON names, in order of their numbers; defaults are left out")
  func scalars() throws {
    let message = Scalars.with {
      $0.fDouble = 1.5
      $0.fInt32 = -7
      $0.fInt64 = -9_007_199_254_740_993
      $0.fUint64 = .max
      $0.fBool = true
      $0.fString = "é"
      $0.fBytes = [0xfb, 0xff, 0xfe, 0x01]
      $0.fLevel = .high
    }
    #expect(
      try message.jsonString() == """
        {"fDouble":1.5,"fInt32":-7,"fInt64":"-9007199254740993",\
        "fUint64":"18446744073709551615","fBool":true,\
        "fString":"é","fBytes":"+//+AQ==","fLevel":"LEVEL_HIGH"}
        """
    )
    #expect(try Scalars(json: message.jsonBytes()) == message)
    #expect(try Scalars().jsonString() == "{}")
  }

  @Test(
    "a double is the shortest text that reads as the same number",
    arguments: [
      (0.1, "0.1"), (1, "1"), (-1, "-1"), (-0.0, "-0.0"), (100, "100"), (1e15, "1e+15"),
      (999_999_999_999_999, "999999999999999"), (1e16, "1e+16"), (47.123_456_7, "47.1234567"),
      (0.000_000_1, "0.0000001"), (123_456.789, "123456.789"), (.leastNonzeroMagnitude, "5e-324"),
      (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"), (0.1 + 0.2, "0.30000000000000004"),
      (1.0 / 3, "0.3333333333333333"), (9_007_199_254_740_992, "9007199254740992"),
      (2e-7, "0.0000002"), (100.5, "100.5"), (10_000_000.000_000_1, "10000000.0000001"),
      (.nan, "\"NaN\""), (.infinity, "\"Infinity\""), (-.infinity, "\"-Infinity\""),
    ] as [(Double, String)]
  )
  func doubles(value: Double, text: String) throws {
    let written = try Lists.with { $0.fDouble = [value] }.jsonString()
    // Swift's own spelling of the exponent is not ours to promise; what it reads as is.
    #expect(written == "{\"fDouble\":[\(text)]}" || Double(text) == value && text.contains("e"))
    let again = try Lists(json: written).fDouble[0]
    #expect(again.bitPattern == value.bitPattern || again.isNaN && value.isNaN)
  }

  @Test("doubles and floats of all sizes read as what was written, and are no longer than needed")
  func manyNumbers() throws {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let bits = generator.next()
      let double = Double(bitPattern: bits)
      let float = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      let decimal = Double(Int64(truncatingIfNeeded: bits >> 20)) / 1e7
      guard double.isFinite, float.isFinite else { continue }
      let message = Lists.with {
        $0.fDouble = [double, decimal]
        $0.fFloat = [float, Float(decimal)]
      }
      let text = try message.jsonString()
      #expect(try Lists(json: text) == message, "\(bits)")
      let shortest = [double, decimal].map { "\($0)".count } + [float].map { "\($0)".count }
      #expect(text.utf8.count <= shortest.reduce(50, +) + "\(Float(decimal))".count, "\(bits)")
    }
  }

  @Test("of a string only quotes, backslashes and control characters are escaped")
  func strings() throws {
    let all = (0..<0x20).map { String(Unicode.Scalar(UInt8($0))) }.joined()
    let escapes =
      (0..<8).map { "\\u000\($0)" }.joined() + "\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
      + (16..<32).map { "\\u00\(String($0, radix: 16))" }.joined()
    #expect(try Scalars.with { $0.fString = all }.jsonString() == "{\"fString\":\"\(escapes)\"}")
    let other = "\"\\/\u{7f}é\u{2028}😀"
    #expect(
      try Scalars.with { $0.fString = other }.jsonString()
        == "{\"fString\":\"\\\"\\\\/\u{7f}é\u{2028}😀\"}"
    )
  }

  @Test("what has to be escaped is found at every place of a string of any length")
  func escapesAnywhere() throws {
    for count in 0..<40 {
      for place in 0..<max(1, count) {
        for mark in ["\"", "\\", "\n", "\u{1f}", "é", "\u{80}"] {
          var text = String(repeating: "a", count: count)
          if place < count { text.replaceSubrange(range(of: place, in: text), with: mark) }
          let message = Scalars.with { $0.fString = text }
          #expect(try Scalars(json: message.jsonBytes()) == message)
        }
      }
    }
  }

  private func range(of place: Int, in text: String) -> Range<String.Index> {
    let index = text.index(text.startIndex, offsetBy: place)
    return index..<text.index(after: index)
  }

  @Test("a field with presence is written when it is set, whatever it holds")
  func presence() throws {
    let message = Optionals.with {
      $0.fInt32 = 0
      $0.fString = ""
      $0.fLevel = .unspecified
      $0.fMessage = Scalars()
    }
    #expect(
      try message.jsonString()
        == #"{"fInt32":0,"fString":"","fLevel":"LEVEL_UNSPECIFIED","fMessage":{}}"#
    )
    #expect(
      try Choice.with { $0.picked = .number(0) }.jsonString() == #"{"number":0}"#
    )
  }

  @Test("an enum's number without a name is written as a number, of two names the first")
  func enums() throws {
    let message = Lists.with { $0.fLevel = [.small, .init(rawValue: 12), .below, .deep] }
    #expect(
      try message.jsonString() == #"{"fLevel":["LEVEL_LOW",12,"LEVEL_BELOW","LEVEL_DEEP"]}"#
    )
  }

  @Test("keys of maps are strings")
  func maps() throws {
    #expect(
      try Maps.with { $0.boolUint64 = [true: 1] }.jsonString() == #"{"boolUint64":{"true":"1"}}"#
    )
    #expect(
      try Maps.with { $0.sint64Float = [-5: 0.5] }.jsonString() == #"{"sint64Float":{"-5":0.5}}"#
    )
    #expect(
      try Maps.with { $0.stringLevel = ["a\"": .low] }.jsonString()
        == #"{"stringLevel":{"a\"":"LEVEL_LOW"}}"#
    )
  }

  @Test("deterministic text has maps sorted by key: numbers by value, text by its bytes")
  func deterministic() throws {
    var options = JSONEncodingOptions()
    options.isDeterministic = true
    let message = Maps.with {
      $0.int32Int32 = [10: 1, 9: 2, -1: 3]
      $0.stringLevel = ["b": .low, "B": .low, "é": .low, "": .low]
    }
    #expect(
      try message.jsonString(options: options) == """
        {"int32Int32":{"-1":3,"9":2,"10":1},"stringLevel":{"":"LEVEL_LOW","B":"LEVEL_LOW",\
        "b":"LEVEL_LOW","é":"LEVEL_LOW"}}
        """
    )
  }

  @Test("options write defaults, original names and numbers of enums")
  func options() throws {
    var options = JSONEncodingOptions()
    options.emitsDefaults = true
    options.usesOriginalNames = true
    options.enumsAsNumbers = true
    #expect(
      try Tree.Owner().jsonString(options: options) == #"{"kind":0}"#,
      "a message that is not set stays out"
    )
    #expect(
      try Tree().jsonString(options: options) == #"{"name":"","children":[],"by_name":{}}"#
    )
    #expect(try Optionals().jsonString(options: options) == "{}")
  }

  @Test("indented text has a member a line; empty objects and lists stay together")
  func indented() throws {
    var options = JSONEncodingOptions()
    options.isIndented = true
    let message = Tree.with {
      $0.name = "a{[\",:\\"
      $0.left = Tree()
      $0.children = [Tree(), Tree.with { $0.name = "b" }]
    }
    let text = """
      {
        "name": "a{[\\",:\\\\",
        "left": {},
        "children": [
          {},
          {
            "name": "b"
          }
        ]
      }
      """
    #expect(try message.jsonString(options: options) == text)
    #expect(try Tree(json: text) == message)
  }

  @Test("messages that nest deeper than the limit are refused, not followed")
  func depth() throws {
    var tree = Tree()
    for _ in 0..<100 { tree = Tree.with { $0.left = tree } }
    let text = try tree.jsonString()
    #expect(try Tree(json: text) == tree)
    #expect {
      try Tree.with { $0.children = [tree] }.jsonBytes()
    } throws: { error in
      (error as? JSONError)?.reason == .tooDeep
        && (error as? JSONError)?.path.hasPrefix("children[0].left.left") == true
    }
  }

  @Test("a large message is written whole")
  func large() throws {
    let message = Lists.with {
      $0.fString = (0..<5000).map { String(repeating: "é\n", count: $0 % 50) }
      $0.fBytes = (0..<300).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: $0) }
      $0.fInt64 = (0..<5000).map { .max - $0 }
    }
    #expect(try Lists(json: message.jsonBytes()) == message)
    #expect(try Lists(json: message.jsonString()) == message)
  }
}
