// The Swift side of Tests/interop/test_codec_differential.py, test_json_differential.py and
// test_well_known_types.py, and with main.swift of its own that of test_random_schemas.py.
//
// Request: one byte of name length, the name of a message and, after a slash, what to do with it,
// four bytes of length (little-endian), the bytes. Response: one byte, 0 for success and 1 for an
// error, four bytes of length, then the result or the error's text.
//
// Without a slash a message is decoded and encoded again. `to-json` and its variants write JSON,
// `from-json` and `from-json-ignoring` read it and answer with the encoded message. `delimited` does
// the first for a stream of messages.

import Glibc
import MartletJSON
import MartletWire

/// What is done with the bytes of a request.
typealias Recode = ([UInt8]) throws -> [UInt8]

/// All that can be asked for of a message type, by the name in the request.
///
/// - Parameters:
///   - type: The type.
///   - registry: What an `Any` may hold besides protobuf's own types.
/// - Returns: Names and what to do.
func recode<M: JSONMessage>(
  _ type: M.Type,
  registry: JSONTypeRegistry = JSONTypeRegistry()
) -> [(String, Recode)] {
  func toJSON(_ name: String, _ change: (inout JSONEncodingOptions) -> Void) -> (String, Recode) {
    var options = JSONEncodingOptions()
    options.registry = registry
    change(&options)
    return (
      "\(M.protoName)/to-json\(name)",
      { bytes in try M(decoding: bytes).jsonBytes(options: options) }
    )
  }
  var reading = JSONDecodingOptions()
  reading.registry = registry
  var ignoring = reading
  ignoring.ignoresUnknownFields = true
  return [
    (M.protoName, { bytes in try M(decoding: bytes).encoded(deterministic: true) }),
    toJSON("") { _ in },
    toJSON("-defaults") { $0.emitsDefaults = true },
    toJSON("-original") { $0.usesOriginalNames = true },
    toJSON("-numbers") { $0.enumsAsNumbers = true },
    toJSON("-sorted") { $0.isDeterministic = true },
    toJSON("-indented") { $0.isIndented = true },
    ("\(M.protoName)/delimited", recodeStream(of: M.self)),
    (
      "\(M.protoName)/from-json",
      { text in try M(json: text, options: reading).encoded(deterministic: true) }
    ),
    (
      "\(M.protoName)/from-json-ignoring",
      { text in try M(json: text, options: ignoring).encoded(deterministic: true) }
    ),
  ]
}

/// Takes messages out of a stream of them, a byte at a time, and makes a stream of them again.
func recodeStream<M: Message>(of type: M.Type) -> Recode {
  { stream in
    var reader = DelimitedReader()
    var output: [UInt8] = []
    for byte in stream {
      reader.append(CollectionOfOne(byte))
      while let message = try reader.next(type) {
        message.appendDelimited(to: &output, deterministic: true)
      }
    }
    try reader.finish()
    return output
  }
}

/// Exactly `count` bytes of standard input; nil at its end.
func readBytes(_ count: Int) -> [UInt8]? {
  var bytes: [UInt8] = []
  while bytes.count < count {
    var part = [UInt8](repeating: 0, count: count - bytes.count)
    let got = read(STDIN_FILENO, &part, part.count)
    guard got > 0 else { return nil }
    bytes += part[..<got]
  }
  return bytes
}

/// Writes all of the bytes, or ends the process when nobody reads.
func writeBytes(_ bytes: [UInt8]) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let sent = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
    guard sent > 0 else { exit(1) }
    rest = rest.dropFirst(sent)
  }
}

func number(_ bytes: [UInt8]) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }

func respond(_ status: UInt8, _ bytes: [UInt8]) {
  let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
  writeBytes([status] + length + bytes)
}

/// Answers requests until standard input ends.
func serve(_ types: [String: Recode]) {
  while let nameLength = readBytes(1), let name = readBytes(Int(nameLength[0])),
    let length = readBytes(4), let bytes = readBytes(number(length))
  {
    answer(types[String(decoding: name, as: UTF8.self)], bytes)
  }
}

func answer(_ recode: Recode?, _ bytes: [UInt8]) {
  guard let recode else { return respond(2, Array("no such message".utf8)) }
  do {
    respond(0, try recode(bytes))
  } catch {
    respond(1, Array("\(error)".utf8))
  }
}
