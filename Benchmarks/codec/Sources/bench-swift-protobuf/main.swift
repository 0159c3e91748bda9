import BenchHarness
import SwiftProtobuf
import SwiftProtobufMessages

func cases<M: Message>(_ type: M.Type, _ bytes: [UInt8]) throws -> [Case] {
  let message = try M(serializedBytes: bytes)
  return [
    Case(
      "decode",
      run: { count in for _ in 0..<count { keep(try M(serializedBytes: bytes)) } },
      check: { try M(serializedBytes: bytes).serializedBytes() }
    ),
    Case(
      "encode",
      run: { count in for _ in 0..<count { keep(try message.serializedBytes() as [UInt8]) } },
      check: { try message.serializedBytes() }
    ),
  ]
}

try serve { name, bytes in
  let wire = bytes(name + ".bin")
  return switch name {
  case "batch": try cases(Bench_V1_SampleBatch.self, wire)
  case "columns": try cases(Bench_V1_Columns.self, wire)
  case "history": try cases(Bench_V1_HistoryPage.self, wire)
  case "track": try cases(Martlet_V1_TrackBatch.self, wire)
  case "plan": try cases(Bench_V1_Plan.self, wire)
  default: []
  }
}
