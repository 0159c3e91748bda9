// The Swift side of Tests/interop/test_codec_differential.py: decodes a message, encodes it again.
//
// Request: one byte of name length, the message's name, four bytes of length (little-endian), the
// bytes. Response: one byte, 0 for a message and 1 for an error, four bytes of length, then the
// encoded message or the error's text.

import Glibc
import MartletWire
import WireTestSchema

typealias Recode = ([UInt8]) throws(WireError) -> [UInt8]

func recode<M: Message>(_ type: M.Type) -> (String, Recode) {
  (
    M.protoName,
    { (bytes) throws(WireError) in try M(decoding: bytes).encoded(deterministic: true) }
  )
}

let types: [String: Recode] = Dictionary(
  uniqueKeysWithValues: [
    recode(Scalars.self), recode(Optionals.self), recode(Lists.self), recode(Unpacked.self),
    recode(Maps.self), recode(Choice.self), recode(Tree.self), recode(Edges.self),
    recode(Empty.self),
  ]
)

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

while let nameLength = readBytes(1), let name = readBytes(Int(nameLength[0])),
  let length = readBytes(4), let bytes = readBytes(number(length))
{
  guard let recode = types[String(decoding: name, as: UTF8.self)] else {
    respond(2, Array("no such message".utf8))
    continue
  }
  do throws(WireError) {
    respond(0, try recode(bytes))
  } catch {
    respond(1, Array("\(error)".utf8))
  }
}
