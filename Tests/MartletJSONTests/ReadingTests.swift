import MartletJSON
import MartletWire
import Testing
import WireTestSchema

/// What is wrong with a text, or nil.
func refusal<M: JSONMessage>(
  _ type: M.Type,
  _ text: String,
  ignoring: Bool = false
) -> JSONError? {
  var options = JSONDecodingOptions()
  options.ignoresUnknownFields = ignoring
  do throws(JSONError) {
    _ = try M(json: text, options: options)
    return nil
  } catch {
    return error
  }
}

@Suite("Reading JSON")
struct ReadingTests {
  @Test(
    "integers come as numbers or strings, in any form that is integral",
    arguments: [
      ("1", 1), ("-0", 0), ("0", 0), ("\"5\"", 5), ("1e5", 100_000), ("1E+2", 100), ("1.0", 1),
      ("-2.147483648e9", -2_147_483_648), ("2147483647.000", 2_147_483_647), ("100e-2", 1),
      ("\"1e2\"", 100), ("\"\\u0031\"", 1), ("0e99999999999", 0), ("0.0e-5", 0),
      ("1000000000000000000000e-21", 1), ("0.00000000000000000000000012e26", 12),
      ("21474836470e-1", 2_147_483_647),
    ] as [(String, Int32)]
  )
  func integers(text: String, value: Int32) throws {
    #expect(try Scalars(json: "{\"fInt32\":\(text)}").fInt32 == value)
    #expect(try Scalars(json: "{\"fSint64\": \(text) }").fSint64 == Int64(value))
  }

  @Test(
    "numbers that do not fit are refused",
    arguments: [
      ("fInt32", "2147483648"), ("fInt32", "-2147483649"), ("fInt32", "0.5"), ("fInt32", "1e-1"),
      ("fInt32", "1e10"), ("fUint32", "-1"), ("fUint32", "4294967296"), ("fUint32", "\"0.5\""),
      ("fInt64", "\"9223372036854775808\""), ("fInt64", "-9223372036854775809"),
      ("fUint64", "18446744073709551616"), ("fUint64", "-1"), ("fUint64", "\"0.5\""),
      ("fUint64", "1e20"), ("fInt64", "1e99999999999999999999"), ("fUint64", "1e-400"),
      ("fUint64", "99999999999999999999999999999999"), ("fLevel", "2147483648"),
      ("fLevel", "1.5"), ("fDouble", "1.89769e+308"), ("fDouble", "-1.89769e+308"),
      ("fDouble", "1e999999999999"), ("fDouble", "\"1e309\""), ("fFloat", "3.502823e+38"),
      ("fFloat", "-3.502823e+38"), ("fFloat", "1e39"),
    ] as [(String, String)]
  )
  func outOfRange(field: String, text: String) {
    let error = refusal(Scalars.self, "{\"\(field)\":\(text)}")
    #expect(error?.reason == .outOfRange)
    #expect(error?.path == field)
  }

  @Test("the largest and smallest numbers of each type are read")
  func extremes() throws {
    let text = """
      {"fInt32":-2147483648,"fUint32":4294967295,"fInt64":-9223372036854775808,
       "fUint64":18446744073709551615,"fSint64":"9223372036854775807",
       "fFloat":3.4028235e38,"fDouble":1.7976931348623157e308}
      """
    let message = try Scalars(json: text)
    #expect(message.fInt32 == .min)
    #expect(message.fUint32 == .max)
    #expect(message.fInt64 == .min)
    #expect(message.fUint64 == .max)
    #expect(message.fSint64 == .max)
    #expect(message.fFloat == .greatestFiniteMagnitude)
    #expect(message.fDouble == .greatestFiniteMagnitude)
  }

  @Test(
    "what is no number is refused",
    arguments: [
      ("+1", .malformed), ("01", .malformed), ("-01", .malformed), ("00", .malformed),
      (".5", .malformed), ("1.", .malformed), ("1e", .malformed), ("1e+", .malformed),
      ("-", .malformed), ("--1", .malformed), ("0x10", .malformed), ("NaN", .malformed),
      ("Infinity", .malformed), ("-Infinity", .malformed), ("1 2", .malformed),
      ("true", .wrongType), ("{}", .wrongType), ("[1]", .wrongType), ("\"\"", .invalidNumber),
      ("\" 1\"", .invalidNumber), ("\"1 \"", .invalidNumber), ("\"3x3\"", .invalidNumber),
      ("\"+1\"", .invalidNumber), ("\"01\"", .invalidNumber), ("\"0x1\"", .invalidNumber),
      ("\"1_000\"", .invalidNumber), ("\"null\"", .invalidNumber), ("\"inf\"", .invalidNumber),
    ] as [(String, JSONError.Reason)]
  )
  func noNumbers(text: String, reason: JSONError.Reason) {
    for field in ["fInt32", "fUint64", "fSfixed64", "fFloat", "fDouble"] {
      let error = refusal(Scalars.self, "{\"\(field)\":\(text)}")
      #expect(error?.reason == reason, "\(field) \(text)")
    }
  }

  @Test("NaN and infinities are strings, of floating-point fields alone")
  func namedNumbers() throws {
    let message = try Scalars(json: #"{"fDouble":"-Infinity","fFloat":"NaN"}"#)
    #expect(message.fDouble == -.infinity)
    #expect(message.fFloat.isNaN)
    #expect(refusal(Scalars.self, #"{"fInt32":"NaN"}"#)?.reason == .invalidNumber)
    #expect(refusal(Scalars.self, #"{"fDouble":"nan"}"#)?.reason == .invalidNumber)
  }

  @Test("a float is rounded once, from its decimal")
  func floatRounding() throws {
    // Just above the middle of two floats, and exactly it as a double.
    let text = "1.00000017881393432617187499"
    let above = "1.00000017881393432617187501"
    #expect(try Scalars(json: "{\"fFloat\":\(text)}").fFloat == Float(text))
    #expect(try Scalars(json: "{\"fFloat\":\(above)}").fFloat == Float(above))
    #expect(Float(text) != Float(above))
  }

  @Test(
    "booleans have two forms, as keys of maps too",
    arguments: ["0", "1", "\"true\"", "\"false\"", "True", "TRUE", "False", "tru", "nul"]
  )
  func booleans(text: String) throws {
    #expect(refusal(Scalars.self, "{\"fBool\":\(text)}") != nil)
    #expect(try Maps(json: #"{"boolUint64":{"tr\u0075e":1,"false":2}}"#).boolUint64.count == 2)
    #expect(refusal(Maps.self, #"{"boolUint64":{"True":1}}"#)?.reason == .wrongType)
    #expect(refusal(Maps.self, #"{"boolUint64":{true:1}}"#)?.reason == .malformed)
  }

  @Test("every escape of a string is understood")
  func escapes() throws {
    let text = #"{"fString":"\"\\\/\b\f\n\r\t\u8C37\u6b4c\uD83D\uDE01\u0000é"}"#
    #expect(
      try Scalars(json: text).fString == "\"\\/\u{8}\u{c}\n\r\t\u{8c37}\u{6b4c}\u{1f601}\0é"
    )
  }

  @Test(
    "strings that are not text are refused",
    arguments: [
      (#""\U8C37""#, .invalidEscape), (#""\uXXXX""#, .invalidEscape), (#""\u8C3""#, .invalidEscape),
      (#""\x41""#, .invalidEscape), (#""\'""#, .invalidEscape), (#""\uD800""#, .invalidEscape),
      (#""\uDC00""#, .invalidEscape), (#""\uDE01\uD83D""#, .invalidEscape),
      (#""\uD83Dx""#, .invalidEscape), (#""\uD83D\n""#, .invalidEscape),
      (#""\uD83D\uD83D""#, .invalidEscape), (#""\u 123""#, .invalidEscape),
      ("\"a\nb\"", .malformed), ("\"aaaaaaaaaaa\tb\"", .malformed), ("\"\u{1}\"", .malformed),
      ("'a'", .malformed), ("a", .malformed), ("12345", .wrongType),
    ] as [(String, JSONError.Reason)]
  )
  func badStrings(text: String, reason: JSONError.Reason) {
    #expect(refusal(Scalars.self, "{\"fString\":\(text)}")?.reason == reason)
    #expect(refusal(Scalars.self, "{\"fBytes\":\(text)}")?.reason == reason)
  }

  @Test(
    "bytes that are not UTF-8 are refused wherever they stand",
    arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]]
      as [[UInt8]]
  )
  func invalidUTF8(bytes: [UInt8]) {
    var options = JSONDecodingOptions()
    options.ignoresUnknownFields = true
    for (head, tail) in [
      ("{\"fString\":\"", "\"}"), ("{\"fString\":\"\\n", "\"}"), ("{\"other\":\"", "\"}"),
      ("{\"", "\":1}"), ("{\"fString\":\"aaaaaaaaaaaa", "aaaaaaaaaaaaaaaa\"}"),
    ] {
      let text = Array(head.utf8) + bytes + Array(tail.utf8)
      #expect {
        try Scalars(json: text, options: options)
      } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
    }
    #expect(throws: JSONError.self) { try Scalars(json: bytes) }
  }

  @Test(
    "base64 is read in both alphabets, with and without padding",
    arguments: [
      ("AQI=", [1, 2]), ("AQI", [1, 2]), ("", []), ("-_", [0xfb]), ("-_-_", [0xfb, 0xff, 0xbf]),
      ("+/+/", [0xfb, 0xff, 0xbf]), ("AA==", [0]), ("AA", [0]), ("A\\u0041==", [0]),
      ("\\/w==", [0xff]), ("AQIDBAUGBwgJCg==", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ] as [(String, [UInt8])]
  )
  func base64(text: String, bytes: [UInt8]) throws {
    #expect(try Scalars(json: "{\"fBytes\":\"\(text)\"}").fBytes == bytes)
  }

  @Test(
    "what is not base64 is refused",
    arguments: [
      "A", "AAAAA", "AA=", "A===", "AAAA=", "AAAA====", "=", "AA==AA==", "A A=", "AA\\n", "é",
    ]
  )
  func badBase64(text: String) {
    #expect(refusal(Scalars.self, "{\"fBytes\":\"\(text)\"}")?.reason == .invalidBase64)
  }

  @Test("every length of bytes comes back")
  func base64Lengths() throws {
    for count in 0..<70 {
      let message = Scalars.with { $0.fBytes = (0..<count).map { UInt8($0 &* 37 & 255) } }
      #expect(try Scalars(json: message.jsonBytes()) == message)
    }
  }

  @Test("enums are read by name, by alias and by number")
  func enums() throws {
    let text = #"{"fLevel":["LEVEL_LOW","LEVEL_SMALL",7,-1,"LEVEL_DEEP",1e0,"LEVEL\u005fLOW"]}"#
    #expect(try Lists(json: text).fLevel.map(\.rawValue) == [1, 1, 7, -1, .min, 1, 1])
    for bad in ["\"LEVEL_NONE\"", "\"level_low\"", "\"\"", "\"1\""] {
      #expect(refusal(Scalars.self, "{\"fLevel\":\(bad)}")?.reason == .unknownEnumValue)
    }
    #expect(refusal(Scalars.self, "{\"fLevel\":LEVEL_LOW}")?.reason == .malformed)
    #expect(refusal(Scalars.self, "{\"fLevel\":true}")?.reason == .wrongType)
  }

  @Test("an unknown name of an enum that is to be ignored leaves no trace")
  func ignoredEnums() throws {
    var options = JSONDecodingOptions()
    options.ignoresUnknownFields = true
    #expect(try Scalars(json: #"{"fLevel":"NEW"}"#, options: options) == Scalars())
    #expect(try Optionals(json: #"{"fLevel":"NEW"}"#, options: options).fLevel == nil)
    #expect(try Choice(json: #"{"level":"NEW"}"#, options: options).picked == nil)
    #expect(
      try Lists(json: #"{"fLevel":["NEW","LEVEL_LOW","NEW"]}"#, options: options).fLevel == [.low]
    )
    #expect(
      try Maps(json: #"{"stringLevel":{"a":"NEW","b":1}}"#, options: options).stringLevel
        == ["b": .low]
    )
    let error = refusal(Scalars.self, #"{"fLevel":"\uD800"}"#, ignoring: true)
    #expect(error?.reason == .invalidEscape)
  }
}
