public import MartletWire

/// How many messages go each way in a call.
public enum CallKind: Sendable, Hashable {
  /// One request, one response.
  case unary
  /// Many requests, one response.
  case clientStreaming
  /// One request, many responses.
  case serverStreaming
  /// Many requests, many responses, in any order.
  case bidirectional

  /// Whether exactly one request is sent.
  package var takesOneRequest: Bool { self == .unary || self == .serverStreaming }
  /// Whether exactly one response is sent.
  package var givesOneResponse: Bool { self == .unary || self == .clientStreaming }
}

/// The name and the types of one RPC; the compiler writes one for each `rpc` of a schema.
public struct MethodDescriptor<Request: Message, Response: Message>: Sendable {
  /// The service's full name, such as `martlet.v1.LiveService`.
  public let service: String
  /// The method's name in its service, such as `Watch`.
  public let name: String
  /// How many messages go each way.
  public let kind: CallKind
  /// What stands in HTTP/2's `:path`: `/service/name`.
  public let path: String

  /// Describes an RPC.
  ///
  /// - Parameters:
  ///   - service: the service's full name, with its package.
  ///   - name: the method's name.
  ///   - kind: how many messages go each way.
  public init(service: String, name: String, kind: CallKind) {
    self.service = service
    self.name = name
    self.kind = kind
    self.path = "/\(service)/\(name)"
  }
}
