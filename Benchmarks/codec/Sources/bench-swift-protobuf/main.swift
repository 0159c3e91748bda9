import BenchHarness
import Foundation
import SwiftProtobuf
import SwiftProtobufMessages

func cases<M: Message>(_ type: M.Type, _ bytes: [UInt8], _ json: [UInt8]) throws -> [Case] {
  let message = try M(serializedBytes: bytes)
  let text = Data(json)
  let object = try JSONSerialization.jsonObject(with: text)
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
    Case(
      "json-decode",
      run: { count in for _ in 0..<count { keep(try M(jsonUTF8Bytes: json)) } },
      check: { try M(jsonUTF8Bytes: json).serializedBytes() }
    ),
    Case(
      "json-encode",
      run: { count in for _ in 0..<count { keep(try message.jsonUTF8Bytes() as [UInt8]) } },
      check: { try M(jsonUTF8Bytes: message.jsonUTF8Bytes() as [UInt8]).serializedBytes() }
    ),
    Case(
      "json-decode-foundation",
      run: { count in for _ in 0..<count { keep(try JSONSerialization.jsonObject(with: text)) } },
      check: { try message.serializedBytes() }
    ),
    Case(
      "json-encode-foundation",
      run: { count in
        for _ in 0..<count { keep(try JSONSerialization.data(withJSONObject: object)) }
      },
      check: {
        let text = try JSONSerialization.data(withJSONObject: object)
        return try M(jsonUTF8Data: text).serializedBytes()
      }
    ),
  ]
}

try serve { name, bytes in
  let wire = bytes(name + ".bin")
  let json = bytes(name + ".json")
  return switch name {
  case "batch": try cases(Bench_V1_SampleBatch.self, wire, json)
  case "columns": try cases(Bench_V1_Columns.self, wire, json)
  case "history": try cases(Bench_V1_HistoryPage.self, wire, json)
  case "track": try cases(Martlet_V1_TrackBatch.self, wire, json)
  case "plan": try cases(Bench_V1_Plan.self, wire, json)
  default: []
  }
}
