/// The rules of `martletc breaking`: what must stay between two versions of a schema.
///
/// Where buf has the same rule, it has the same name, since users know it.
package enum BreakingRule: String, CheckRule {
  case fileNoDelete = "FILE_NO_DELETE"
  case fileSamePackage = "FILE_SAME_PACKAGE"
  case fileSameSwiftPrefix = "FILE_SAME_SWIFT_PREFIX"

  case messageNoDelete = "MESSAGE_NO_DELETE"
  case messageSameSetFormat = "MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT"
  case reservedNumberNoDelete = "RESERVED_NUMBER_NO_DELETE"
  case reservedNameNoDelete = "RESERVED_NAME_NO_DELETE"
  case extensionRangeNoDelete = "EXTENSION_RANGE_NO_DELETE"
  case extensionNoDelete = "EXTENSION_NO_DELETE"
  case oneofNoDelete = "ONEOF_NO_DELETE"

  case fieldNoDelete = "FIELD_NO_DELETE"
  case fieldNoDeleteUnlessNumberReserved = "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED"
  case fieldNoDeleteUnlessNameReserved = "FIELD_NO_DELETE_UNLESS_NAME_RESERVED"
  case fieldSameName = "FIELD_SAME_NAME"
  case fieldSameJSONName = "FIELD_SAME_JSON_NAME"
  case fieldSameNumber = "FIELD_SAME_NUMBER"
  case fieldSameType = "FIELD_SAME_TYPE"
  case fieldWireCompatibleType = "FIELD_WIRE_COMPATIBLE_TYPE"
  case fieldJSONCompatibleType = "FIELD_JSON_COMPATIBLE_TYPE"
  case fieldWireValueRange = "FIELD_WIRE_VALUE_RANGE"
  case fieldJSONValueRange = "FIELD_JSON_VALUE_RANGE"
  case fieldSameCardinality = "FIELD_SAME_CARDINALITY"
  case fieldWireCompatibleCardinality = "FIELD_WIRE_COMPATIBLE_CARDINALITY"
  case fieldJSONCompatibleCardinality = "FIELD_JSON_COMPATIBLE_CARDINALITY"
  case fieldSamePresence = "FIELD_SAME_PRESENCE"
  case fieldSameRequired = "FIELD_SAME_REQUIRED"
  case fieldSameDefault = "FIELD_SAME_DEFAULT"
  case fieldSameOneof = "FIELD_SAME_ONEOF"
  case fieldCompatibleOneof = "FIELD_COMPATIBLE_ONEOF"

  case enumNoDelete = "ENUM_NO_DELETE"
  case enumSameType = "ENUM_SAME_TYPE"
  case enumSameDefault = "ENUM_SAME_DEFAULT"
  case enumValueNoDelete = "ENUM_VALUE_NO_DELETE"
  case enumValueNoDeleteUnlessNumberReserved = "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED"
  case enumValueNoDeleteUnlessNameReserved = "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED"
  case enumValueSameName = "ENUM_VALUE_SAME_NAME"
  case enumValueSameNumber = "ENUM_VALUE_SAME_NUMBER"

  case serviceNoDelete = "SERVICE_NO_DELETE"
  case rpcNoDelete = "RPC_NO_DELETE"
  case rpcSameRequestType = "RPC_SAME_REQUEST_TYPE"
  case rpcSameResponseType = "RPC_SAME_RESPONSE_TYPE"
  case rpcWireCompatibleTypes = "RPC_WIRE_COMPATIBLE_TYPES"
  case rpcJSONCompatibleTypes = "RPC_JSON_COMPATIBLE_TYPES"
  case rpcSameClientStreaming = "RPC_SAME_CLIENT_STREAMING"
  case rpcSameServerStreaming = "RPC_SAME_SERVER_STREAMING"
  case rpcSameIdempotencyLevel = "RPC_SAME_IDEMPOTENCY_LEVEL"

  /// What breaks: who reads binary, who reads JSON, who compiles against generated Swift.
  package enum Category: String, CaseIterable, Sendable, Hashable {
    case wire
    case json
    case source
  }

  /// What breaks when the rule is broken; several at once where they cannot be told apart.
  package var breaks: [Category] {
    switch self {
    case .fieldNoDeleteUnlessNumberReserved, .fieldSameNumber, .fieldWireCompatibleType,
      .fieldWireValueRange, .fieldWireCompatibleCardinality, .reservedNumberNoDelete,
      .messageSameSetFormat, .enumValueNoDeleteUnlessNumberReserved, .enumValueSameNumber,
      .rpcWireCompatibleTypes:
      [.wire]
    case .fieldNoDeleteUnlessNameReserved, .fieldSameJSONName, .fieldJSONCompatibleType,
      .fieldJSONValueRange, .fieldJSONCompatibleCardinality, .reservedNameNoDelete,
      .enumValueNoDeleteUnlessNameReserved, .rpcJSONCompatibleTypes:
      [.json]
    case .fieldSameRequired, .fieldSameDefault, .fieldCompatibleOneof, .enumSameType,
      .enumSameDefault, .rpcSameIdempotencyLevel:
      [.wire, .json]
    case .enumValueSameName: [.json, .source]
    case .fileNoDelete, .fileSameSwiftPrefix, .messageNoDelete, .extensionNoDelete,
      .oneofNoDelete, .fieldNoDelete, .fieldSameName, .fieldSameType, .fieldSameCardinality,
      .fieldSamePresence, .fieldSameOneof, .enumNoDelete, .enumValueNoDelete,
      .rpcSameRequestType, .rpcSameResponseType:
      [.source]
    case .fileSamePackage, .extensionRangeNoDelete, .serviceNoDelete, .rpcNoDelete,
      .rpcSameClientStreaming, .rpcSameServerStreaming:
      [.wire, .json, .source]
    }
  }

  package var categories: [String] { breaks.map(\.rawValue) }

  package var isDefault: Bool { true }

  package var summary: String {
    switch self {
    case .fileNoDelete: "a file that others may import stays"
    case .fileSamePackage: "a file keeps its package, which is in the names of all it declares"
    case .fileSameSwiftPrefix: "a file keeps its swift_prefix"
    case .messageNoDelete: "a message keeps its full name"
    case .messageSameSetFormat: "a message keeps message_set_wire_format"
    case .reservedNumberNoDelete: "a reserved number stays reserved"
    case .reservedNameNoDelete: "a reserved name stays reserved"
    case .extensionRangeNoDelete: "numbers open to extensions stay open"
    case .extensionNoDelete: "an extension stays"
    case .oneofNoDelete: "a oneof keeps its name"
    case .fieldNoDelete: "a field stays"
    case .fieldNoDeleteUnlessNumberReserved: "a field that goes leaves its number reserved"
    case .fieldNoDeleteUnlessNameReserved: "a field that goes leaves its name reserved"
    case .fieldSameName: "a field keeps its name"
    case .fieldSameJSONName: "programs of both versions know a field by the name in JSON"
    case .fieldSameNumber: "a field keeps its number"
    case .fieldSameType: "a field keeps its type in Swift"
    case .fieldWireCompatibleType: "a field's bytes mean the same under its new type"
    case .fieldJSONCompatibleType: "a field's JSON means the same under its new type"
    case .fieldWireValueRange: "a field's new type holds every value of the old one in binary"
    case .fieldJSONValueRange: "a field's new type holds every value of the old one in JSON"
    case .fieldSameCardinality: "a field stays single, a list or a map"
    case .fieldWireCompatibleCardinality: "single, list or map, bytes are read alike"
    case .fieldJSONCompatibleCardinality: "single, list or map, JSON is read alike"
    case .fieldSamePresence: "a field goes on to tell unset from zero, or not to"
    case .fieldSameRequired: "no required field comes, goes or changes to or from it"
    case .fieldSameDefault: "a field keeps the value it has when it is not set"
    case .fieldSameOneof: "a field stays in its oneof or out of any"
    case .fieldCompatibleOneof: "fields that could be set together do not meet in a oneof"
    case .enumNoDelete: "an enum keeps its full name"
    case .enumSameType: "an open enum does not become closed"
    case .enumSameDefault: "an enum keeps the value that stands for unset"
    case .enumValueNoDelete: "a value of an enum stays"
    case .enumValueNoDeleteUnlessNumberReserved: "a value that goes leaves its number reserved"
    case .enumValueNoDeleteUnlessNameReserved: "a value that goes leaves its name reserved"
    case .enumValueSameName: "a value of an enum keeps its name"
    case .enumValueSameNumber: "a value of an enum keeps its number"
    case .serviceNoDelete: "a service keeps its full name, which is in the path of each call"
    case .rpcNoDelete: "a method keeps its name, which is in the path of each call"
    case .rpcSameRequestType: "a method keeps the type of its request"
    case .rpcSameResponseType: "a method keeps the type of its response"
    case .rpcWireCompatibleTypes: "a method's new request and response mean the same in binary"
    case .rpcJSONCompatibleTypes: "a method's new request and response mean the same in JSON"
    case .rpcSameClientStreaming: "a method goes on to take a stream, or one request"
    case .rpcSameServerStreaming: "a method goes on to return a stream, or one response"
    case .rpcSameIdempotencyLevel: "a method keeps its idempotency_level"
    }
  }
}
