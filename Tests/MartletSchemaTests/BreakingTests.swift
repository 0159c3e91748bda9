import MartletSchema
import Testing

@Suite("Two versions of a schema are compared as those see them who have the old one")
struct BreakingTests {
  private let head = "syntax = \"proto3\";\npackage a;\n"

  private func names(in found: String) -> [Substring] {
    found.split(separator: "\n").compactMap { line in
      line.hasSuffix("]") ? line.split(separator: "[").last?.dropLast() : nil
    }
  }

  @Test("additions, order, comments and deprecation break nothing")
  func safeChanges() throws {
    let old = """
      message M { int32 a = 1; string b = 2; oneof x { int32 c = 3; } reserved 9; }
      enum E { A = 0; B = 1; }
      service S { rpc Get(M) returns (M); }
      """
    let new = """
      import "google/protobuf/any.proto";
      // New.
      service T {}
      // A service.
      service S { rpc Put(N) returns (N); rpc Get(M) returns (M) { option deprecated = true; } }
      message N { google.protobuf.Any any = 1; }
      enum E { A = 0; C = 3; B = 1 [deprecated = true]; reserved 7; }
      message M {
        // Text.
        string b = 2 [deprecated = true];
        N n = 4;
        oneof x { int32 c = 3; int32 d = 5; }
        oneof y { int32 e = 6; }
        int32 a = 1;
        reserved 9 to 12;
        message Inner {}
      }
      """
    #expect(try breaking(["a.proto": head + old], ["a.proto": head + new]) == "")
  }

  @Test("moving declarations between files of a package breaks nothing")
  func moves() throws {
    let old = ["a.proto": head + "message M { N n = 1; }\nmessage N {}\nenum E { A = 0; }\n"]
    let new = [
      "a.proto": head + "import \"b.proto\";\nmessage M { N n = 1; }\n",
      "b.proto": head + "message N {}\nenum E { A = 0; }\n",
    ]
    #expect(try breaking(old, new) == "")
    // The place of what changes besides is in the file where it is now.
    let changed = new.merging(["b.proto": head + "message N {}\nenum E { B = 0; }\n"]) { $1 }
    #expect(try breaking(old, changed).hasPrefix("b.proto:4:10: "))
  }

  @Test("a new package is told once, not for everything in it")
  func packageRename() throws {
    let text = """
      message M { N n = 1; map<string, N> m = 2; }
      message N { enum E { A = 0; } E e = 1; }
      service S { rpc Get(M) returns (N); }
      """
    let found = try breaking(
      ["a.proto": head + text],
      ["a.proto": (head + text).replacing("package a", with: "package b")]
    )
    #expect(names(in: found) == ["FILE_SAME_PACKAGE"])
  }

  @Test("a message that only gets another name breaks sources, not bytes or JSON")
  func messageRename() throws {
    let old = "message M { N n = 1; }\nmessage N { N again = 1; int32 a = 2; }\n"
    let new = old.replacing("N ", with: "Other ")
    let found = try breaking(["a.proto": head + old], ["a.proto": head + new])
    #expect(names(in: found) == ["FIELD_SAME_TYPE", "MESSAGE_NO_DELETE"])
  }

  @Test("what is gone is told once, not for all that was in it")
  func deletion() throws {
    let old = "message M { message N { enum E { A = 0; } } int32 a = 1; }\n"
    let found = try breaking(["a.proto": head + old], ["a.proto": head])
    #expect(names(in: found) == ["MESSAGE_NO_DELETE"])
  }

  @Test("what changed within an enum is told of the enum, not of each field")
  func enumOnce() throws {
    let old = """
      enum E { A = 0; B = 1; }
      message M { E e = 1; repeated E f = 2; map<int32, E> g = 3; }
      """
    let new = old.replacing("B = 1", with: "C = 1")
    let found = try breaking(["a.proto": head + old], ["a.proto": head + new])
    #expect(names(in: found) == ["ENUM_VALUE_SAME_NAME"])
  }

  @Test("a category reports what breaks it")
  func categories() throws {
    let old = ["a.proto": head + "message M { int32 a = 1; }\n"]
    let new = ["a.proto": head + "message M { string b = 1; }\n"]
    func found(_ category: String) throws -> [Substring] {
      names(in: try breaking(old, new, enable: [category], disable: ["ALL"]))
    }
    #expect(try found("wire") == ["FIELD_WIRE_COMPATIBLE_TYPE"])
    #expect(try found("json") == ["FIELD_JSON_COMPATIBLE_TYPE", "FIELD_SAME_JSON_NAME"])
    #expect(try found("source") == ["FIELD_SAME_TYPE", "FIELD_SAME_NAME"])
  }

  @Test("what is ignored by its full name may break, with all that is in it")
  func ignored() throws {
    let old = ["a.proto": head + "message M { int32 a = 1; }\nmessage MM { int32 a = 1; }\n"]
    let new = ["a.proto": head + "message M { int64 a = 1; }\nmessage MM { int64 a = 1; }\n"]
    #expect(try breaking(old, new, ignored: ["a"]) == "")
    #expect(names(in: try breaking(old, new, ignored: ["a.M"])).count == 1)
    #expect(names(in: try breaking(old, new, ignored: ["a.M.a", "a.MM.a"])).isEmpty)
    #expect(names(in: try breaking(old, new, ignored: ["a.M.b", "b"])).count == 2)
  }

  @Test("only the files asked for are compared")
  func scope() throws {
    let old = ["a.proto": "\(head)message M {}\n", "b.proto": "\(head)message N {}\n"]
    let new = ["a.proto": head, "b.proto": head]
    let found = try breaking(old, new) { $0 == "b.proto" }
    #expect(names(in: found).count == 1 && found.contains("a.N"))
  }

  @Test("protobuf's own files may be missing from one version")
  func builtIn() throws {
    let old = [
      "a.proto": head + "import \"google/protobuf/any.proto\";\n"
        + "message M { google.protobuf.Any a = 1; }\n"
    ]
    let new = ["a.proto": "\(head)message M { reserved 1; reserved \"a\"; }\n"]
    #expect(names(in: try breaking(old, new)) == ["FIELD_NO_DELETE"])
  }

  @Test("a chain of renamed messages beyond the limit is told, not followed")
  func depth() throws {
    func chain(_ name: String) -> String {
      let links = (0..<400).map { "message \(name)\($0) { \(name)\($0 + 1) next = 1; }\n" }.joined()
      return head + "message M { \(name)0 first = 1; }\n" + links + "message \(name)400 {}\n"
    }
    let old = ["a.proto": chain("A")]
    let new = ["a.proto": chain("B")]
    let found = try breaking(old, new, enable: ["FIELD_WIRE_COMPATIBLE_TYPE"], disable: ["ALL"])
    #expect(names(in: found) == ["FIELD_WIRE_COMPATIBLE_TYPE"])
  }

  @Test("descriptors are compared as text is")
  func descriptors() throws {
    let old = compile(head + "message M {\n  int32 a = 1;\n}\n").schema
    let new = compile(head + "message M {\n  string a = 1;\n}\n").schema
    for includesSourceInfo in [true, false] {
      let bytes = DescriptorWriter.fileDescriptorSet(
        old.files,
        includesSourceInfo: includesSourceInfo
      )
      let read = try DescriptorReader.schema(ofSet: bytes)
      #expect(BreakingCheck.compare(read, with: new) == BreakingCheck.compare(old, with: new))
      #expect(BreakingCheck.compare(read, with: old).isEmpty)
    }
  }
}
