// What a server tells reflection clients of a service: its file's descriptors, in the service's Swift.

extension SwiftGenerator {
  /// The constant `descriptors` of a service; those after a file's first one share its text.
  func emitDescriptors(
    of service: ServiceDescriptor,
    in file: FileDescriptor,
    to text: inout SwiftText
  ) {
    text.blank()
    text.documentation(
      "The schema file and all that it imports, for server reflection: a serialized "
        + "`google.protobuf.FileDescriptorSet` in base64."
    )
    if let first = file.services.first, first.fullName != service.fullName {
      let name = typeNames(of: first, in: file)[0]
      return text.line("\(access)static let descriptors = \(name).descriptors")
    }
    text.line("\(access)static let descriptors: StaticString = \"\"\"")
    text.indented { text in
      let set = DescriptorWriter.fileDescriptorSet(
        withImports(file),
        includesSourceInfo: false
      )
      let lines = Base64Text.lines(of: set, width: 76)
      for line in lines.dropLast() { text.line(line + "\\") }
      for line in lines.suffix(1) { text.line(line) }
      text.line("\"\"\"")
    }
  }

  /// The file and all that it imports, each after those that it imports itself.
  private func withImports(_ file: FileDescriptor) -> [FileDescriptor] {
    var names: Set<String> = [file.name]
    var waiting = [file]
    while let next = waiting.popLast() {
      for path in next.imports.map(\.path) where names.insert(path).inserted {
        if let imported = schema.file(named: path) { waiting.append(imported) }
      }
    }
    return schema.files.filter { names.contains($0.name) }
  }
}

/// Bytes as base64 (RFC 4648, section 4), with padding.
private enum Base64Text {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
  )

  /// Lines of at most `width` characters, a multiple of four.
  static func lines(of bytes: [UInt8], width: Int) -> [String] {
    let bytesPerLine = width / 4 * 3
    return stride(from: 0, to: bytes.count, by: bytesPerLine).map { start in
      text(of: bytes[start..<min(start + bytesPerLine, bytes.count)])
    }
  }

  private static func text(of bytes: ArraySlice<UInt8>) -> String {
    var characters: [UInt8] = []
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.endIndex)]
      var bits: UInt32 = 0
      for index in 0..<3 {
        bits = bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0)
      }
      for index in 0..<4 {
        let digit = alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)]
        characters.append(index <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: characters, as: UTF8.self)
  }
}
