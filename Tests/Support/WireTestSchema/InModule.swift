internal import MartletWire

// In the module of the messages the optimizer puts the generated code in line, which it cannot
// elsewhere; there 6.3.1 once lost what a oneof's fields stored. So the differential tests ask for
// both.

/// Decodes a message, in this module, and encodes it again; by the message's name in the schema.
public let recodedInModule: [String: @Sendable ([UInt8]) throws -> [UInt8]] = [
  Scalars.protoName: { try recoded(Scalars.self, $0) },
  Optionals.protoName: { try recoded(Optionals.self, $0) },
  Lists.protoName: { try recoded(Lists.self, $0) },
  Unpacked.protoName: { try recoded(Unpacked.self, $0) },
  Maps.protoName: { try recoded(Maps.self, $0) },
  Choice.protoName: { try recoded(Choice.self, $0) },
  Tree.protoName: { try recoded(Tree.self, $0) },
  Edges.protoName: { try recoded(Edges.self, $0) },
  Empty.protoName: { try recoded(Empty.self, $0) },
  Flat.protoName: { try recoded(Flat.self, $0) },
  Flats.protoName: { try recoded(Flats.self, $0) },
]

@inline(__always)
private func recoded<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws -> [UInt8] {
  try unsafe bytes.withUnsafeBytes { bytes in
    try unsafe M(decoding: bytes).encoded(deterministic: true)
  }
}
