import JSONTestSchema
import MartletJSON
import MartletWellKnown
import MartletWire
import Testing
import WireTestSchema

@Suite("The structure of JSON")
struct StructureTests {
  @Test(
    "fields are known by their JSON name and by the schema's",
    arguments: [
      ("snakeCaseName", "snake_case_name"), ("LeadingUnderscores", "__leading_underscores"),
      ("trailing", "trailing_"), ("UPPERCase", "UPPER_Case"), ("digits23d", "digits_2_3d"),
      ("called otherwise", "renamed"), ("a.b", "dotted"), ("\\\"\\\\:+?% \\né", "odd"),
      ("\\u0022\\u005c:+?% \\u000a\\u00e9", "odd"), ("\\u0078", "x"),
    ]
  )
  func names(jsonName: String, original: String) throws {
    let message = try Names(json: "{\"\(jsonName)\":5}")
    #expect(message != Names())
    #expect(try Names(json: "{\"\(original)\":5}") == message)
    #expect(try Names(json: message.jsonString()) == message)
    var options = JSONEncodingOptions()
    options.usesOriginalNames = true
    #expect(try message.jsonString(options: options) == "{\"\(original)\":5}")
    #expect(refusal(Names.self, "{\"\(jsonName)\":1,\"\(original)\":2}")?.reason == .duplicateField)
  }

  @Test(
    "a name that only begins or ends like a field's is another one",
    arguments: ["nineBytesX", "nineByte", "ineBytes", "", "X", "xx", "nine bytes", "snakecasename"]
  )
  func otherNames(name: String) {
    #expect(refusal(Names.self, "{\"\(name)\":5}")?.reason == .unknownField)
    #expect(refusal(Names.self, "{\"\(name)\":5}", ignoring: true) == nil)
  }

  @Test("fields may come in any order, with white space anywhere")
  func order() throws {
    let text = " \n{\t\"b\\u0065tween\" :\r2 ,\"before\":1 , \"text\" : \"a\" }  \n"
    let message = try Choice(json: text)
    #expect(message.before == 1)
    #expect(message.between == 2)
    #expect(message.picked == .text("a"))
  }

  @Test("two fields of a oneof are refused, in every order; null sets none")
  func oneofs() throws {
    #expect(refusal(Choice.self, #"{"number":1,"text":"a"}"#)?.reason == .duplicateOneof)
    #expect(refusal(Choice.self, #"{"flag":true,"number":0}"#)?.reason == .duplicateOneof)
    #expect(try Choice(json: #"{"number":null,"text":"a"}"#).picked == .text("a"))
    #expect(try Choice(json: #"{"text":"a","choice":null}"#).picked == .text("a"))
    let both = try Choice(json: #"{"text":"a","real":1.5}"#)
    #expect(both.picked == .text("a"))
    #expect(both.second == .real(1.5))
  }

  @Test("every one of more than 64 fields is told apart from the others, oneofs too")
  func manyFields() throws {
    for number in 1...70 {
      let field = "\"number\(number)\":\(number)"
      #expect(try Many(json: "{\(field)}").jsonString() == "{\(field)}")
      #expect(refusal(Many.self, "{\(field),\(field)}")?.reason == .duplicateField)
    }
    #expect(refusal(Many.self, #"{"highNumber":1,"highText":"a"}"#)?.reason == .duplicateOneof)
    let text = #"{"highNumber":1,"many":{"highText":"a","many":{"highNumber":2,"number70":1}}}"#
    #expect(refusal(Many.self, text) == nil)
    let nested = #"{"many":{"higherNumber":1},"number1":1,"highNumber":1,"higherNumber":2}"#
    #expect(refusal(Many.self, nested)?.reason == .duplicateOneof)
  }

  @Test("null is not set, except where null is a value")
  func nulls() throws {
    let all = classesOfNull.map { "\"\($0)\":null" }.joined(separator: ",")
    #expect(try Optionals(json: "{\(all)}") == Optionals())
    #expect(try Lists(json: "{\(all)}") == Lists())
    #expect(try Maps(json: #"{"int32Int32":null,"stringMaps":null}"#) == Maps())
    #expect(try Nulls(json: #"{"value":null}"#).value?.kind == .nullValue(.nullValue))
    #expect(try Nulls(json: #"{"optionalNull":null}"#).optionalNull == .nullValue)
    #expect(try Nulls(json: #"{"none":null}"#).kind == .none_(.nullValue))
    #expect(try Nulls(json: #"{"values":[null]}"#).values.count == 1)
    #expect(try Nulls(json: #"{"values":null,"text":null,"list":null}"#) == Nulls())
    let nulls = #"{"values":[null,null],"nulls":[null],"byName":{"a":null},"none":null}"#
    #expect(try Nulls(json: nulls).jsonString() == nulls)
  }

  private let classesOfNull = [
    "fDouble", "fInt32", "fInt64", "fUint32", "fBool", "fString", "fBytes", "fLevel", "fMessage",
  ]

  @Test(
    "null is refused in lists and maps",
    arguments: [
      ("fInt32", "[1,null]"), ("fString", "[null]"), ("fMessage", "[null]"), ("fBytes", "[null]"),
      ("fLevel", "[null]"), ("fDouble", "[null]"), ("fBool", "[null]"),
    ]
  )
  func nullElements(field: String, text: String) {
    #expect(refusal(Lists.self, "{\"\(field)\":\(text)}")?.reason == .unexpectedNull)
    #expect(refusal(Maps.self, #"{"int32Int32":{"1":null}}"#)?.reason == .unexpectedNull)
    #expect(refusal(Maps.self, #"{"stringScalars":{"a":null}}"#)?.reason == .unexpectedNull)
    #expect(refusal(Maps.self, #"{"int32Int32":{null:1}}"#)?.reason == .malformed)
    #expect(refusal(Scalars.self, "null")?.reason == .unexpectedNull)
  }

  @Test("a key that stands twice in a map is refused, however it is written")
  func duplicateKeys() {
    #expect(refusal(Maps.self, #"{"int32Int32":{"1":1,"1":2}}"#)?.reason == .duplicateKey)
    #expect(refusal(Maps.self, #"{"int32Int32":{"1":1,"1.0":2}}"#)?.reason == .duplicateKey)
    #expect(refusal(Maps.self, #"{"int64String":{"0":"","-0":""}}"#)?.reason == .duplicateKey)
    #expect(
      refusal(Maps.self, #"{"boolUint64":{"true":1,"tru\u0065":2}}"#)?.reason == .duplicateKey
    )
    #expect(refusal(Maps.self, #"{"stringLevel":{"a":0,"\u0061":0}}"#)?.reason == .duplicateKey)
    // Swift's strings are equal when they are canonically equivalent.
    #expect(refusal(Maps.self, #"{"stringLevel":{"é":0,"e\u0301":0}}"#)?.reason == .duplicateKey)
  }

  @Test(
    "keys of maps are numbers of their type",
    arguments: [
      ("int32Int32", "2147483648", .outOfRange), ("uint32Bytes", "-1", .outOfRange),
      ("uint64Double", "18446744073709551616", .outOfRange), ("int64String", "", .invalidNumber),
      ("sint64Float", "x", .invalidNumber), ("boolUint64", "1", .wrongType),
      ("fixed32Fixed64", " 1", .invalidNumber), ("int32Bool", "0.5", .outOfRange),
    ] as [(String, String, JSONError.Reason)]
  )
  func badKeys(field: String, key: String, reason: JSONError.Reason) {
    #expect(refusal(Maps.self, "{\"\(field)\":{\"\(key)\":null}}")?.reason == reason)
  }

  @Test(
    "a text that is not one JSON object is refused",
    arguments: [
      ("", .truncated), ("  ", .truncated), ("{", .truncated), ("{\"before\"", .truncated),
      ("{\"before\":", .truncated), ("{\"before\":1", .truncated), ("{\"before\":1,", .truncated),
      ("{\"text\":\"a", .truncated), ("{\"text\":\"a\\", .truncated),
      ("{\"text\":\"\\u12", .truncated),
      ("{\"flag\":tru", .truncated), ("{}}", .trailingText), ("{} x", .trailingText),
      ("{}{}", .trailingText), ("{}\0", .trailingText), ("{\"before\":1,}", .malformed),
      ("{\"before\":1 ,\n}", .malformed), ("{,}", .malformed), ("{\"before\" 1}", .malformed),
      ("{\"before\":1 \"between\":2}", .malformed), ("{before:1}", .malformed),
      ("{'before':1}", .malformed), ("{\"before\":}", .malformed), ("// c\n{}", .malformed),
      ("{\"before\":1 // c\n}", .malformed), ("\u{feff}{}", .malformed), ("[]", .wrongType),
      ("\"\"", .wrongType), ("1", .wrongType), ("true", .wrongType), ("\u{b}{}", .malformed),
      ("{\"before\":1]", .malformed), ("{\"choice\":[]}", .wrongType),
    ] as [(String, JSONError.Reason)]
  )
  func malformed(text: String, reason: JSONError.Reason) {
    #expect(refusal(Choice.self, text)?.reason == reason)
  }

  @Test(
    "lists are JSON arrays, and nothing else",
    arguments: [
      ("[1,]", .malformed), ("[,1]", .malformed), ("[1 2]", .malformed), ("[1", .truncated),
      ("[1}", .malformed), ("1", .wrongType), ("{}", .wrongType), ("[[1]]", .wrongType),
      ("[1,false]", .wrongType), ("[{}]", .wrongType), ("[1, \"name\"]", .invalidNumber),
    ] as [(String, JSONError.Reason)]
  )
  func lists(text: String, reason: JSONError.Reason) throws {
    #expect(refusal(Lists.self, "{\"fInt32\":\(text)")?.reason == reason)
    #expect(try Lists(json: #"{"fInt32":[ ],"fInt64":[ 1 , "2" ]}"#).fInt64 == [1, 2])
  }

  @Test("what is unknown is refused, or passed over whatever it is")
  func unknown() throws {
    let values = [
      "1", "-1.5e300", "1e999", "\"a\\n\\uD83D\\uDE00\"", "true", "false", "null", "[]", "{}",
      #"[1,[2,{"a":[null]}],""]"#, #"{"a":{"a":{}},"b":1,"b":2}"#,
    ]
    for value in values {
      let text = "{\"before\":1,\"other\":\(value) ,\"between\":2}"
      #expect(refusal(Choice.self, text)?.reason == .unknownField)
      #expect(refusal(Choice.self, text)?.path == "other")
      #expect(refusal(Choice.self, text, ignoring: true) == nil)
      #expect(refusal(Choice.self, "{\"@type\":\(value)}")?.reason == .unknownField)
    }
    for value in [
      "01", "tru", "[1,]", "{\"a\"}", "\"\\x\"", "\"\u{1}\"", "+1", "{1:2}", "[", "nulll",
    ] {
      #expect(refusal(Choice.self, "{\"other\":\(value)}", ignoring: true) != nil, "\(value)")
    }
  }
}
