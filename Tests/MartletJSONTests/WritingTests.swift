import MartletJSON
import MartletWire
import Testing
import WireTestSchema

@Suite("Writing JSON")
struct WritingTests {
  @Test("Fields have JSON names, in order of their numbers; defaults are left out")
  func scalars() throws {
    let message = Scalars.with {
      $0.fDouble = 1.5
      $0.fInt32 = -7
      $0.fInt64 = -9_007_199_254_740_993
      $0.fUint64 = .max
      $0.fBool = true
      $0.fString = "é\n\"\\\u{1}\u{7f}😀"
      $0.fBytes = [0xfb, 0xff, 0xfe, 0x01]
      $0.fLevel = .high
    }
    #expect(
      try message.jsonString() == """
        {"fDouble":1.5,"fInt32":-7,"fInt64":"-9007199254740993",\
        "fUint64":"18446744073709551615","fBool":true,\
        "fString":"é\\n\\"\\\\\\u0001\u{7f}😀","fBytes":"+//+AQ==","fLevel":"LEVEL_HIGH"}
        """
    )
    #expect(try Scalars(json: message.jsonBytes()) == message)
    #expect(try Scalars().jsonString() == "{}")
  }
}
