import BenchHarness
import MartletMessages
import MartletWire

func cases<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws -> [Case] {
  let message = try M(decoding: bytes)
  return [
    Case(
      "decode",
      run: { count in for _ in 0..<count { keep(try M(decoding: bytes)) } },
      check: { try M(decoding: bytes).encoded() }
    ),
    Case(
      "encode",
      run: { count in for _ in 0..<count { keep(message.encoded()) } },
      check: { message.encoded() }
    ),
  ]
}

try serve { name, bytes in
  let wire = bytes(name + ".bin")
  return switch name {
  case "batch": try cases(SampleBatch.self, wire)
  case "columns": try cases(Columns.self, wire)
  case "history": try cases(HistoryPage.self, wire)
  case "track": try cases(TrackBatch.self, wire)
  case "plan": try cases(Plan.self, wire)
  default: []
  }
}
