import Foundation
import MartletSchema
import Testing

@Suite("No input crashes or hangs the compiler")
struct HostileInputTests {
  @Test("a file cut off anywhere is compiled or refused with a place inside it")
  func prefixes() throws {
    for file in try schemaFiles() {
      let bytes = [UInt8](try Data(contentsOf: file))
      // The hard file everywhere; the plain ones, more of the same, at every 13th byte.
      let step = file.lastPathComponent == "kitchen_sink.proto" ? 1 : 13
      for length in stride(from: 0, to: bytes.count, by: step) {
        // Imports stay out: what they hold does not depend on the prefix.
        let compilation = SchemaCompiler.compile(["test.proto"]) { name in
          name == "test.proto" ? .found(Array(bytes[..<length])) : .unreadable("not here")
        }
        try checkPlaces(compilation, length: length)
      }
    }
  }

  private func checkPlaces(_ compilation: Compilation, length: Int) throws {
    for diagnostic in compilation.diagnostics {
      guard let span = diagnostic.span else { continue }
      try #require(span.start >= 0 && span.start <= span.end && span.start <= length)
      try #require(!diagnostic.rendered(source: compilation.sources[diagnostic.file]).isEmpty)
    }
  }

  @Test("mutated files are compiled or refused", arguments: [UInt64(20_261_121), 7, 99])
  func mutations(seed: UInt64) throws {
    print("mutations: seed \(seed)")
    var random = SplitMix(state: seed)
    let texts = try schemaFiles().map { [UInt8](try Data(contentsOf: $0)) }
    for _ in 0..<400 {
      var bytes = try #require(texts.randomElement(using: &random))
      for _ in 0..<Int.random(in: 1...6, using: &random) { mutate(&bytes, &random) }
      try checkPlaces(compile(bytes: bytes), length: bytes.count)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.remove(at: place)
    case 2:
      bytes.insert(
        Array("{}[]()<>;=\"'/*.,-0\\\n".utf8).randomElement(using: &random) ?? 0,
        at: place
      )
    case 3:
      let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
      bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...place, using: &random))
    default:
      let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
      bytes.removeSubrange(place..<end)
    }
  }

  @Test(
    "deep nesting is refused, not followed",
    arguments: [
      "message M {", "message M { oneof o {", "option (a) = {", "option (a) = { b: [", "enum E {",
      "service S { rpc R(A) returns (B) {", "extend E {", "{", "message M { int32 a = 1 [(x) = {",
      "message M { map<int32, map<int32, ", "option (a).(b).", "/*", "option a = -",
    ]
  )
  func nestingBombs(_ piece: String) {
    let bomb = proto3(String(repeating: piece, count: 20_000))
    #expect(compile(bomb).errorCount > 0)
  }

  @Test("a thousand errors are counted, the first hundred told")
  func manyErrors() {
    let compilation = compile(proto3(String(repeating: "message M { X x = 0; }\n", count: 1_000)))
    #expect(compilation.diagnostics.count { $0.severity == .error } == 100)
    #expect(compilation.errorCount >= 100)
  }

  @Test("huge numbers are refused")
  func hugeNumbers() {
    let nines = String(repeating: "9", count: 100_000)
    let statements = [
      "message M { int32 a = \(nines); }",
      "message M { int32 a = 0x\(String(repeating: "f", count: 100_000)); }",
      "enum E { A = 0; B = -\(nines); }",
      "message M { reserved 1 to 99999999999999999999; }",
      "option java_package = \(nines);",
      "message M { int32 a = 1 [deprecated = 1e999999999999]; }",
    ]
    for statement in statements { #expect(compile(proto3(statement)).errorCount > 0) }
  }

  @Test("a name of 100,000 letters is only a name")
  func longName() {
    let name = String(repeating: "a", count: 100_000)
    #expect(compile(proto3("message \(name) { \(name) \(name) = 1; }")).errorCount == 0)
  }

  @Test("bytes that are no UTF-8, and NULs, have a place")
  func notText() throws {
    let bytes = Array(proto3("// ").utf8) + [0xFF] + Array("\nmessage M {}".utf8)
    let invalid = compile(bytes: bytes)
    #expect(invalid.diagnostics.first?.message == "the file is not UTF-8")
    #expect(invalid.diagnostics.first?.span == SourceSpan(bytes.count - 14, bytes.count - 13))
    let nul = compile(proto3("message M { \0 }"))
    #expect(nul.diagnostics.first?.message == "control characters may not stand in a schema")
  }

  @Test("imports nested beyond the limit are refused")
  func importDepth() {
    let compilation = SchemaCompiler.compile(["0.proto"]) { name in
      let number = Int(name.prefix { $0 != "." }) ?? 0
      return .found(Array("syntax = \"proto3\"; import \"\(number + 1).proto\";".utf8))
    }
    #expect(
      compilation.diagnostics.contains {
        $0.message == "imports are nested more than 200 deep"
      }
    )
  }
}

/// Steele, Lea and Flood's generator: a seed replays a run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
