// protoc's way of talking to the programs that generate code: google/protobuf/compiler/plugin.proto.

/// What `protoc-gen-martlet` does with the bytes that protoc or buf sends it.
package enum ProtocPlugin {
  /// Answers a CodeGeneratorRequest.
  ///
  /// What is wrong with the schema or the options becomes the response's `error`, for protoc to
  /// show.
  ///
  /// - Parameter request: the request's bytes.
  /// - Returns: a CodeGeneratorResponse.
  /// - Throws: `DescriptorError` when the bytes are no request.
  package static func respond(to request: [UInt8]) throws(DescriptorError) -> [UInt8] {
    let limits = SchemaLimits()
    guard request.count <= limits.descriptorSetBytes else {
      throw DescriptorError("the request is larger than \(limits.descriptorSetBytes) bytes")
    }
    let proto = try ProtoMessage(request[...])
    let names = try proto.strings(1)
    let parameter = try proto.string(2) ?? ""
    do throws(DescriptorError) {
      let options: SwiftOptions
      do throws(GeneratorParameterError) {
        options = try SwiftOptions(parameters: parameter)
      } catch {
        throw DescriptorError(error.description)
      }
      let schema = try DescriptorReader.schema(of: proto.all(15), limits: limits)
      return response(try generate(names, of: schema, options))
    } catch {
      return response([], error: error.description)
    }
  }

  private static func generate(
    _ names: [String],
    of schema: SchemaSet,
    _ options: SwiftOptions
  ) throws(DescriptorError) -> [GeneratedFile] {
    if let missing = names.first(where: { schema.file(named: $0) == nil }) {
      throw DescriptorError("the request has no descriptor of \"\(missing)\"")
    }
    let output = SwiftGenerator(schema: schema, options: options).generate(names)
    guard output.refusals.isEmpty else {
      let lines = output.refusals.map { line(for: $0, in: schema) }
      throw DescriptorError(lines.joined(separator: "\n"))
    }
    return output.files
  }

  /// `file:line:column: message`.
  private static func line(for refusal: SwiftRefusal, in schema: SchemaSet) -> String {
    var place = refusal.file
    if let file = schema.file(named: refusal.file), !file.locations.isEmpty {
      let start = refusal.span.start
      place += ":\(file.source.line(at: start) + 1):\(file.source.column(at: start))"
    }
    return "\(place): \(refusal.message)"
  }

  private static func response(_ files: [GeneratedFile], error: String? = nil) -> [UInt8] {
    var bytes = ProtoBytes()
    if let error { bytes.field(1, error) }
    bytes.field(2, Feature.proto3Optional | Feature.editions)
    bytes.field(3, Edition.proto2.rawValue)
    bytes.field(4, Edition.edition2024.rawValue)
    for file in files {
      bytes.message(15) {
        $0.field(1, file.name)
        $0.field(15, file.text)
      }
    }
    return bytes.bytes
  }

  /// CodeGeneratorResponse.Feature.
  private enum Feature {
    static let proto3Optional: Int64 = 1
    static let editions: Int64 = 2
  }
}
