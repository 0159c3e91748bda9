import BenchHarness
import MartletJSON
import MartletMessages
import MartletMessagesJSON
import MartletWire

func cases<M: JSONMessage>(_ type: M.Type, _ bytes: [UInt8], _ json: [UInt8]) throws -> [Case] {
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
    Case(
      "json-decode",
      run: { count in for _ in 0..<count { keep(try M(json: json)) } },
      check: { try M(json: json).encoded() }
    ),
    Case(
      "json-encode",
      run: { count in for _ in 0..<count { keep(try message.jsonBytes()) } },
      check: { try M(json: message.jsonBytes()).encoded() }
    ),
  ]
}

try serve { name, bytes in
  let wire = bytes(name + ".bin")
  let json = bytes(name + ".json")
  return switch name {
  case "batch": try cases(SampleBatch.self, wire, json)
  case "columns": try cases(Columns.self, wire, json)
  case "history": try cases(HistoryPage.self, wire, json)
  case "track": try cases(TrackBatch.self, wire, json)
  case "plan": try cases(Plan.self, wire, json)
  default: []
  }
}
