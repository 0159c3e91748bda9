import Foundation
import MartletSchema

/// Compiles one file, `test.proto`, beside others that it may import.
func compile(_ text: String, _ others: [String: String] = [:]) -> Compilation {
  compile(bytes: Array(text.utf8), others)
}

func compile(bytes: [UInt8], _ others: [String: String] = [:]) -> Compilation {
  SchemaCompiler.compile(["test.proto"]) { name in
    if name == "test.proto" { return .found(bytes) }
    return others[name].map { .found(Array($0.utf8)) } ?? .missing
  }
}

/// What a terminal would show of a compilation.
func rendered(_ compilation: Compilation) -> String {
  compilation.diagnostics.map { $0.rendered(source: compilation.sources[$0.file]) }.joined()
}

/// A proto3 file in package `p` with these statements.
func proto3(_ statements: String) -> String {
  "syntax = \"proto3\"; package p;\n" + statements
}

/// The schema files of this repository, and the hard one that protoc is compared on.
func schemaFiles() throws -> [URL] {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let folder = root.appending(path: "schema/martlet/v1")
  let files = try FileManager.default.contentsOfDirectory(
    at: folder,
    includingPropertiesForKeys: nil
  )
  let hard = root.appending(path: "Tests/interop/protos/kitchen_sink.proto")
  return files.filter { $0.pathExtension == "proto" }.sorted { $0.path < $1.path } + [hard]
}
