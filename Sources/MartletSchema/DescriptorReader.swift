// Descriptors -> the linked model that the compiler makes of text. Bytes may come from anywhere:
// what the parser guarantees of names, numbers and depth is checked here, and the linker checks the
// rest as it does for text.

/// Reads google.protobuf.FileDescriptorSet and FileDescriptorProto, whoever wrote them.
package enum DescriptorReader {
  /// The files of a FileDescriptorSet: what `protoc --descriptor_set_out --include_imports`,
  /// `buf build` and `martletc descriptors --include-imports` write.
  ///
  /// - Parameters:
  ///   - bytes: the set.
  ///   - limits: what is accepted.
  /// - Returns: the linked files, each after those it imports.
  /// - Throws: the first thing that is wrong.
  package static func schema(
    ofSet bytes: [UInt8],
    limits: SchemaLimits = SchemaLimits()
  ) throws(DescriptorError) -> SchemaSet {
    guard bytes.count <= limits.descriptorSetBytes else {
      throw DescriptorError("the descriptors are larger than \(limits.descriptorSetBytes) bytes")
    }
    return try schema(of: ProtoMessage(bytes[...]).all(1), limits: limits)
  }

  /// The files of single FileDescriptorProtos.
  ///
  /// - Parameters:
  ///   - files: their bytes, in any order; imports of protobuf's own files may be missing.
  ///   - limits: what is accepted.
  /// - Returns: the linked files, each after those it imports.
  /// - Throws: the first thing that is wrong.
  package static func schema(
    of files: [ArraySlice<UInt8>],
    limits: SchemaLimits = SchemaLimits()
  ) throws(DescriptorError) -> SchemaSet {
    guard files.count <= limits.files else {
      throw DescriptorError("more than \(limits.files) files")
    }
    var sorter = ImportSorter(limits: limits)
    for bytes in files { try sorter.add(FileDescriptorReader.read(bytes, limits: limits)) }
    let sink = DiagnosticSink(errorLimit: limits.errors)
    var linker = Linker(files: try sorter.sorted(), limits: limits, sink: sink)
    let linked = linker.run()
    if let problem = linker.sink.diagnostics.first(where: { $0.severity == .error }) {
      throw DescriptorError(problem.message, in: problem.file)
    }
    return try resolvingOptions(of: linked)
  }

  /// Reads the options that were waiting for the extensions they are.
  private static func resolvingOptions(of schema: SchemaSet) throws(DescriptorError) -> SchemaSet {
    let extensions = ExtensionTable(schema)
    let reader = OptionReader(
      message: { schema.message(named: $0) ?? OptionKind.schema.message(named: $0) },
      enumeration: { schema.enumeration(named: $0) ?? OptionKind.schema.enumeration(named: $0) },
      extensionField: { extensions[$0, $1] }
    )
    var result = SchemaSet()
    for var file in schema.files {
      do throws(DescriptorError) {
        try checkMaps(of: file, in: schema)
        try file.eachOptions { options, kind throws(DescriptorError) in
          try reader.resolve(&options, kind)
        }
      } catch {
        throw DescriptorError(error.message, in: file.name)
      }
      result.add(file)
    }
    return result
  }

  /// A map's entry type may only be that of a repeated field beside it.
  private static func checkMaps(
    of file: FileDescriptor,
    in schema: SchemaSet
  ) throws(DescriptorError) {
    var waiting = file.messages
    while let message = waiting.popLast() {
      waiting += message.messages
      for field in message.fields where field.type == .message {
        guard let type = schema.message(named: field.typeName), type.isMapEntry else { continue }
        guard field.isRepeated, type.fullName == message.fullName + "." + type.name else {
          throw DescriptorError("\"\(field.fullName)\" has a map's entry as its type")
        }
      }
    }
  }
}

/// All extensions by extended message and number.
private struct ExtensionTable {
  private var fields: [String: [Int32: FieldDescriptor]] = [:]

  init(_ schema: SchemaSet) {
    for file in schema.files {
      add(file.extensions)
      var waiting = file.messages
      while let message = waiting.popLast() {
        add(message.extensions)
        waiting += message.messages
      }
    }
  }

  private mutating func add(_ extensions: [FieldDescriptor]) {
    for field in extensions {
      guard let extendee = field.extendee else { continue }
      fields[extendee, default: [:]][field.number] = field
    }
  }

  subscript(extendee: String, number: Int32) -> FieldDescriptor? { fields[extendee]?[number] }
}

/// Puts files behind those that they import.
private struct ImportSorter {
  let limits: SchemaLimits
  private var files: [String: FileDescriptor] = [:]
  private var order: [String] = []
  private var result: [FileDescriptor] = []
  private var placed: Set<String> = []

  init(limits: SchemaLimits) {
    self.limits = limits
  }

  mutating func add(_ file: FileDescriptor) throws(DescriptorError) {
    guard files.updateValue(file, forKey: file.name) == nil else {
      throw DescriptorError("the file is there twice", in: file.name)
    }
    order.append(file.name)
  }

  mutating func sorted() throws(DescriptorError) -> [FileDescriptor] {
    for name in order { try place(name, importedBy: nil, depth: 0) }
    return result
  }

  private mutating func place(
    _ name: String,
    importedBy importer: String?,
    depth: Int
  ) throws(DescriptorError) {
    guard !placed.contains(name) else { return }
    // A circle of imports ends here too.
    guard depth <= limits.importDepth else {
      throw DescriptorError("imports are nested more than \(limits.importDepth) deep", in: name)
    }
    guard let file = files[name] ?? Self.builtIn(name, limits: limits) else {
      throw DescriptorError(
        "the descriptors of \"\(name)\", which it imports, are missing; write them with "
          + "--include_imports",
        in: importer
      )
    }
    for item in file.imports { try place(item.path, importedBy: name, depth: depth + 1) }
    if placed.insert(name).inserted { result.append(file) }
  }

  /// One of protobuf's own files.
  private static func builtIn(_ name: String, limits: SchemaLimits) -> FileDescriptor? {
    guard let text = WellKnownFiles.source(of: name) else { return nil }
    var parser = FileParser(name: name, source: SourceText(text), limits: limits)
    parser.parse()
    return parser.file
  }
}

extension FileDescriptor {
  /// Visits the options of every element.
  mutating func eachOptions(
    _ body: (inout DescriptorOptions, OptionKind) throws(DescriptorError) -> Void
  ) throws(DescriptorError) {
    try body(&options, .file)
    for index in messages.indices { try messages[index].eachOptions(body) }
    for index in enums.indices { try enums[index].eachOptions(body) }
    for index in extensions.indices { try body(&extensions[index].options, .field) }
    for index in services.indices {
      try body(&services[index].options, .service)
      for method in services[index].methods.indices {
        try body(&services[index].methods[method].options, .method)
      }
    }
  }
}

extension MessageDescriptor {
  fileprivate mutating func eachOptions(
    _ body: (inout DescriptorOptions, OptionKind) throws(DescriptorError) -> Void
  ) throws(DescriptorError) {
    try body(&options, .message)
    for index in fields.indices { try body(&fields[index].options, .field) }
    for index in extensions.indices { try body(&extensions[index].options, .field) }
    for index in oneofs.indices { try body(&oneofs[index].options, .oneof) }
    for index in extensionRanges.indices {
      try body(&extensionRanges[index].options, .extensionRange)
    }
    for index in messages.indices { try messages[index].eachOptions(body) }
    for index in enums.indices { try enums[index].eachOptions(body) }
  }
}

extension EnumDescriptor {
  fileprivate mutating func eachOptions(
    _ body: (inout DescriptorOptions, OptionKind) throws(DescriptorError) -> Void
  ) throws(DescriptorError) {
    try body(&options, .enumeration)
    for index in values.indices { try body(&values[index].options, .enumValue) }
  }
}
