import MartletJSON
import MartletWire

/// Does what a request asks for.
enum Testee {
  /// The messages that the suite sends; those of proto2 and of editions have no Swift.
  private static let types = JSONTypeRegistry([TestAllTypesProto3.self])

  static func answer(_ request: ConformanceRequest) -> ConformanceResponse {
    .with { $0.result = result(of: request) }
  }

  private static func result(of request: ConformanceRequest) -> ConformanceResponse.Result {
    // The runner first asks which failures are expected: none, which is an empty message.
    if request.messageType == "conformance.FailureSet" { return .protobufPayload([]) }
    guard let type = types.type(named: request.messageType) else {
      return .skipped("\(request.messageType) is not of proto3")
    }
    guard let output = writers[request.requestedOutputFormat] else {
      return .skipped("\(request.requestedOutputFormat) is not supported")
    }
    switch request.payload {
    case .protobufPayload(let bytes)?:
      do throws(WireError) {
        return output(try type.init(decoding: bytes))
      } catch {
        return .parseError("\(error)")
      }
    case .jsonPayload(let text)?:
      var options = JSONDecodingOptions()
      options.registry = types
      options.ignoresUnknownFields = request.testCategory == .jsonIgnoreUnknownParsingTest
      do throws(JSONError) {
        return output(try type.init(json: text, options: options))
      } catch {
        return .parseError("\(error)")
      }
    default: return .skipped("this format is not supported")
    }
  }

  private static let writers:
    [WireFormat: @Sendable (any JSONMessage) -> ConformanceResponse.Result] = [
      .protobuf: { .protobufPayload($0.encoded()) },
      .json: { message in
        var options = JSONEncodingOptions()
        options.registry = types
        do throws(JSONError) {
          return .jsonPayload(try message.jsonString(options: options))
        } catch {
          return .serializeError("\(error)")
        }
      },
    ]
}
