// The straight-line code of a message: its name, reading, the bound of its size, writing.
//
// What is called is not inlined, which keeps a field to a few instructions of generated code. A
// flat message, all of whose fields are single numbers, is the kind that comes by the thousand:
// where it does, its fields are read and written in line, in their usual order, through a window.

extension SwiftGenerator {
  func emitCodec(of message: SwiftMessage, to text: inout SwiftText) {
    text.block("extension \(message.typeName)") { text in
      text.documentation("The name in the schema.")
      text.line("\(access)static let protoName = \"\(message.descriptor.fullName)\"")
      text.blank()
      text.documentation("For the codec: reads fields up to the end of the message.")
      text.block("\(access)mutating func readFields(from reader: inout WireReader)") { text in
        emitRead(message, to: &text)
      }
      text.blank()
      text.documentation("For the codec: at least as many bytes as `writeFields` writes.")
      text.block("\(access)var encodedSizeBound: Int") { emitBound(message, to: &$0) }
      text.blank()
      text.documentation("For the codec: writes fields in order of their numbers.")
      text.block("\(access)func writeFields(to writer: inout WireWriter)") { text in
        emitWrite(message, to: &text)
      }
    }
    if isInLine(message) { emitInLine(message, to: &text) }
  }

  /// What reads and writes a flat message in a list, put in line there.
  private func emitInLine(_ message: SwiftMessage, to text: inout SwiftText) {
    text.blank()
    text.block("extension \(message.typeName): FlatMessage") { text in
      text.documentation("For the codec: the most bytes that the fields can take.")
      text.line("@inline(__always)")
      text.line("\(access)static var mostFieldBytes: Int { \(mostFieldBytes(of: message)) }")
      text.blank()
      text.documentation("For the codec: reads fields in their usual order.")
      text.line("@inline(__always)")
      text.block("\(access)mutating func readFields(in window: inout WireWindow)") { text in
        emitReadInLine(message, to: &text)
      }
      text.blank()
      text.documentation("For the codec: writes what `writeFields(to:)` does.")
      text.block("\(access)func writeFields(in start: WriteWindow) -> WriteWindow") { text in
        emitWriteInLine(message, to: &text)
      }
    }
  }

  /// Whether a message is worth code in line: flat, and kept in lists or maps.
  ///
  /// One that its file names nowhere else may be in those of another file.
  func isInLine(_ message: SwiftMessage) -> Bool {
    guard isFlat(message.descriptor) else { return false }
    let name = message.descriptor.fullName
    var isNamed = message.file.services.flatMap(\.methods).contains {
      $0.inputType == name || $0.outputType == name
    }
    var waiting = message.file.messages
    while let next = waiting.popLast() {
      waiting += next.messages
      for field in next.fields where field.typeName == name {
        // A map's value is a single field of the map's entry.
        if field.isRepeated || next.isMapEntry { return true }
        isNamed = true
      }
    }
    return !isNamed
  }

  /// Whether all fields of a message are single numbers with tags of one or two bytes.
  private func isFlat(_ message: MessageDescriptor) -> Bool {
    !message.fields.isEmpty && message.fields.count <= SwiftCodec.mostFlatFields
      && message.fields.allSatisfy { field in
        let isInOneof = field.oneofIndex.map { !message.oneofs[$0].isSynthetic } ?? false
        let isNumber =
          switch field.type {
          case .string, .bytes, .message, .group, .unresolved: false
          default: true
          }
        return isNumber && !field.isRepeated && !isInOneof && field.number < 2048
      }
  }
}

enum SwiftCodec {
  /// More fields than this are not worth the code that reads them in line.
  static let mostFlatFields = 16
  /// The longest varint.
  static let varintBytes = 10
}

extension SwiftField {
  /// A oneof's property in a statement: `self.` where a local name would hide it.
  func oneofReference(_ name: String) -> String {
    let locals: Set<String> = ["bound", "held", "reader", "tag", "value", "window", "writer"]
    return locals.contains(name) ? "self.\(name)" : name
  }
}
