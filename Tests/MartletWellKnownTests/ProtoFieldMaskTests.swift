import MartletWellKnown
import Testing

@Suite struct ProtoFieldMaskTests {
  @Test(
    arguments: [
      ("", []), ("title", ["title"]), ("fooBar,baz", ["foo_bar", "baz"]),
      ("statistics.distanceM,user.displayName", ["statistics.distance_m", "user.display_name"]),
      ("aB3", ["a_b3"]),
    ] as [(String, [String])]
  )
  func textAndPathsAreTheSameMask(text: String, paths: [String]) {
    #expect(ProtoFieldMask(jsonText: text)?.paths == paths)
    #expect(ProtoFieldMask(paths).jsonText == text)
  }

  @Test(arguments: ["foo_bar", "a,b_c", ",", "a,", "a,,b"])
  func textThatIsNoMaskIsRefused(text: String) {
    #expect(ProtoFieldMask(jsonText: text) == nil)
  }

  @Test(arguments: ["fooBar", "foo_3_bar", "foo__bar", "foo_", "foo_.bar", "Foo"])
  func pathsThatWouldNotComeBackHaveNoText(path: String) {
    #expect(ProtoFieldMask(["ok", path]).jsonText == nil)
  }

  @Test func aCanonicalMaskIsSortedAndNamesNothingTwice() {
    let mask: ProtoFieldMask = ["b.c", "a.b", "a-b", "a", "b.c.d", "b.d", "a"]
    #expect(mask.canonical.paths == ["a", "a-b", "b.c", "b.d"])
  }

  @Test func aMaskContainsWhatItsPathsCover() {
    let mask: ProtoFieldMask = ["a.b"]
    #expect(mask.contains("a.b"))
    #expect(mask.contains("a.b.c"))
    #expect(!mask.contains("a"))
    #expect(!mask.contains("a.bc"))
  }

  @Test func masksCombine() {
    let left: ProtoFieldMask = ["a", "b.c"]
    let right: ProtoFieldMask = ["a.x", "b", "d"]
    #expect(left.union(right).paths == ["a", "b", "d"])
    #expect(left.intersection(right).paths == ["a.x", "b.c"])
  }
}
