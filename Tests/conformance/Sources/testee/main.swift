import Glibc
import MartletWire

// Speaks the runner's protocol: requests on standard input, responses on standard output, each with
// its length before it in four bytes, little endian.

while let length = Frames.read(4) {
  let count = length.reversed().reduce(0) { $0 << 8 | Int($1) }
  guard let frame = Frames.read(count) else { exit(1) }
  let response: ConformanceResponse
  do throws(WireError) {
    response = Testee.answer(try ConformanceRequest(decoding: frame))
  } catch {
    response = .with { $0.result = .runtimeError("the request is malformed: \(error)") }
  }
  let bytes = response.encoded()
  Frames.write((0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes)
}
