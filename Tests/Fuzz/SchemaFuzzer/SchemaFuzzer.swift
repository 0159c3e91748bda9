// Any text through the schema compiler: lexer, parser, linker, descriptors and generator.

import MartletSchema

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let compilation = SchemaCompiler.compile(["test.proto"]) { name in
    name == "test.proto" ? .found(bytes) : .missing
  }
  for diagnostic in compilation.diagnostics {
    if let span = diagnostic.span {
      require(span.start >= 0 && span.start <= span.end && span.start <= count, "no place")
    }
    _ = diagnostic.rendered(source: compilation.sources[diagnostic.file])
  }
  guard let file = compilation.schema.file(named: "test.proto") else {
    require(compilation.errorCount > 0, "refused without a reason")
    return 0
  }
  _ = DescriptorWriter.fileDescriptorSet([file], includesSourceInfo: true)
  _ = try? SwiftGenerator(schema: compilation.schema).generate(file)
  return 0
}

/// A precondition that says what was wrong in a release build, too.
func require(_ holds: Bool, _ message: String) {
  if !holds { fatalError(message) }
}
