// Any bytes through MartletWire's decoder, and what it accepts through the encoder and back.
//
// The first byte picks the message of everything.proto, the rest is its encoding.

import MartletWire
import WireTestSchema

let messages: [@Sendable ([UInt8]) -> Void] = [
  check(Scalars.self), check(Optionals.self), check(Lists.self), check(Unpacked.self),
  check(Maps.self), check(Choice.self), check(Tree.self), check(Edges.self), check(Empty.self),
  check(Flat.self), check(Flats.self), checkStream(Optionals.self), checkStream(Flat.self),
  checkStream(Empty.self),
]

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  messages[Int(choice) % messages.count](Array(bytes.dropFirst()))
  return 0
}

/// What must hold of any bytes, read as a message of this type.
func check<M: Message>(_ type: M.Type) -> @Sendable ([UInt8]) -> Void {
  { bytes in
    guard let message = try? M(decoding: bytes) else { return }
    let canonical = message.encoded(deterministic: true)
    guard let again = try? M(decoding: canonical) else { fatalError("refuses its own bytes") }
    require(again.encoded(deterministic: true) == canonical, "other bytes the second time")
    // A NaN makes a message differ from its twin.
    let twin = try? M(decoding: bytes)
    require(again == message || twin != message, "another message the second time")
    guard let unordered = try? M(decoding: message.encoded()) else {
      fatalError("refuses its own bytes")
    }
    require(unordered.encoded(deterministic: true) == canonical, "the order loses something")
    if bytes.count < 200 { _ = message.description }
    checkMerging(message, canonical)
  }
}

/// What must hold of any bytes, read as a stream of messages that each have their length before them.
///
/// They arrive a few at a time; what was taken out of them comes back from a stream made of it.
func checkStream<M: Message>(_ type: M.Type) -> @Sendable ([UInt8]) -> Void {
  { bytes in
    guard let step = bytes.first.map({ Int($0 % 32) + 1 }) else { return }
    let (whole, stream) = messages(type, in: bytes.dropFirst(), step: bytes.count)
    let (parts, same) = messages(type, in: bytes.dropFirst(), step: step)
    require(whole == parts && stream == same, "the parts that bytes come in matter")
    let (again, isStream) = messages(type, in: whole[...], step: step)
    require(isStream && again == whole, "refuses its own stream")
  }
}

/// The messages in a stream, as a stream again, up to where it ends or is malformed.
func messages<M: Message>(
  _ type: M.Type,
  in bytes: ArraySlice<UInt8>,
  step: Int
) -> (stream: [UInt8], isWhole: Bool) {
  var reader = DelimitedReader()
  var output: [UInt8] = []
  var rest = bytes
  do {
    while !rest.isEmpty {
      reader.append(rest.prefix(step))
      rest = rest.dropFirst(step)
      while let message = try reader.next(type) {
        message.appendDelimited(to: &output, deterministic: true)
      }
    }
    try reader.finish()
  } catch {
    return (output, false)
  }
  return (output, true)
}

/// Merging a message into an empty one is decoding it; into itself, decoding its bytes twice over.
func checkMerging<M: Message>(_ message: M, _ canonical: [UInt8]) {
  var merged = message
  guard (try? merged.merge(decoding: canonical)) != nil,
    let joined = try? M(decoding: canonical + canonical)
  else { fatalError("refuses its own bytes twice") }
  let twice = merged.encoded(deterministic: true)
  require(twice == joined.encoded(deterministic: true), "merging is not joining")
}

/// A precondition that says what was wrong in a release build, too.
func require(_ holds: Bool, _ message: String) {
  if !holds { fatalError(message) }
}
