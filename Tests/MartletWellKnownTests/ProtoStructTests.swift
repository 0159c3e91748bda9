import MartletWellKnown
import MartletWire
import Testing

@Suite struct ProtoStructTests {
  @Test func literalsMakeValuesOfTheirKind() {
    let object: ProtoStruct = [
      "name": "run", "distance": 12.5, "laps": 3, "done": true, "note": nil,
      "splits": [1, "two", [false]], "device": ["model": "M1"],
    ]
    #expect(object["name"]?.string == "run")
    #expect(object["distance"]?.number == 12.5)
    #expect(object["laps"]?.number == 3)
    #expect(object["done"]?.bool == true)
    #expect(object.fields["note"]?.isNull == true)
    #expect(object["splits"]?.list == [1, "two", [false]])
    #expect(object["device"]?.object == ["model": "M1"])
    #expect(object["missing"] == nil)
  }

  @Test func aValueOfNoKindIsNotNull() {
    #expect(!ProtoValue().isNull)
    #expect(ProtoValue.null.isNull)
    #expect(ProtoValue.null != ProtoValue())
  }

  @Test func valuesSurviveTheWire() throws {
    let value: ProtoValue = ["a": [1, nil, ["b": "c"]], "d": -0.5]
    #expect(try ProtoValue(decoding: value.encoded()) == value)
  }

  @Test func ofFieldsWithOneNameTheLastCounts() {
    let object: ProtoStruct = ["a": 1, "a": 2]
    #expect(object["a"] == 2)
  }

  @Test func literalsWrapSingleValues() {
    let limit: ProtoInt32Value = 5
    let name: ProtoStringValue = "x"
    let bytes: ProtoBytesValue = [1, 2]
    #expect(limit.value == 5)
    #expect(name == ProtoStringValue("x"))
    #expect(bytes.value == [1, 2])
  }
}
