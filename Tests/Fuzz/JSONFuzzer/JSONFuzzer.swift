// Any bytes through MartletJSON's reader, and what it accepts through the writer and back; and any
// message from the wire through JSON and back.
//
// The first byte picks the message and whether the rest is JSON or its encoding for the wire.

import MartletJSON
import MartletWellKnown
import MartletWire
import WireTestSchema

let registry = JSONTypeRegistry([
  Scalars.self, Tree.self, Empty.self, ProtoAny.self, ProtoDuration.self, ProtoTimestamp.self,
  ProtoStruct.self, ProtoValue.self, ProtoInt64Value.self,
])

let checks: [@Sendable (_ isText: Bool, [UInt8]) -> Void] = [
  check(Scalars.self), check(Optionals.self), check(Lists.self), check(Maps.self),
  check(Choice.self), check(Tree.self), check(Edges.self), check(ProtoAny.self),
  check(ProtoDuration.self), check(ProtoTimestamp.self), check(ProtoFieldMask.self),
  check(ProtoStruct.self), check(ProtoValue.self), check(ProtoDoubleValue.self),
  check(ProtoBytesValue.self), check(ProtoType.self),
]

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  let kind = Int(choice) % (2 * checks.count)
  checks[kind / 2](kind % 2 == 0, Array(bytes.dropFirst()))
  return 0
}

/// What must hold of any bytes, read as a message of this type.
func check<M: JSONMessage>(_ type: M.Type) -> @Sendable (_ isText: Bool, [UInt8]) -> Void {
  { isText, bytes in
    if isText {
      checkText(type, bytes)
    } else if let message = try? M(decoding: bytes) {
      checkThroughJSON(message)
    }
  }
}

func checkText<M: JSONMessage>(_ type: M.Type, _ bytes: [UInt8]) {
  var lenient = JSONDecodingOptions()
  lenient.registry = registry
  lenient.ignoresUnknownFields = true
  let tolerated = try? M(json: bytes, options: lenient)
  var strict = JSONDecodingOptions()
  strict.registry = registry
  guard let message = try? M(json: bytes, options: strict) else { return }
  guard let tolerated else { fatalError("refused because unknown fields are allowed") }
  let canonical = message.encoded(deterministic: true)
  require(tolerated.encoded(deterministic: true) == canonical, "lenient reads otherwise")
  guard let again = try? M(decoding: canonical) else { fatalError("refuses its own bytes") }
  require(again.encoded(deterministic: true) == canonical, "the wire loses something")
  checkThroughJSON(message)
}

/// A message that has JSON is the same after it, however it is written.
///
/// Compared as JSON: unknown fields have none, nor has the payload of a NaN.
func checkThroughJSON<M: JSONMessage>(_ message: M) {
  var options = JSONEncodingOptions()
  options.registry = registry
  options.isDeterministic = true
  guard let text = try? message.jsonBytes(options: options) else { return }
  var reading = JSONDecodingOptions()
  reading.registry = registry
  for change: (inout JSONEncodingOptions) -> Void in [
    { _ in }, { $0.emitsDefaults = true }, { $0.enumsAsNumbers = true },
    { $0.usesOriginalNames = true }, { $0.isIndented = true }, { $0.isDeterministic = false },
  ] {
    var written = options
    change(&written)
    guard let other = try? message.jsonBytes(options: written) else {
      fatalError("no JSON with other options")
    }
    guard let again = try? M(json: other, options: reading) else {
      fatalError("refuses its own JSON: \(String(decoding: other, as: UTF8.self))")
    }
    let second = try? again.jsonBytes(options: options)
    require(second == text, "other JSON the second time: " + String(decoding: other, as: UTF8.self))
  }
}

/// A precondition that says what was wrong in a release build, too.
func require(_ holds: Bool, _ message: String) {
  if !holds { fatalError(message) }
}
