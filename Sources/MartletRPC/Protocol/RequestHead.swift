/// The headers of a request, taken as they come, and what they make of it.
struct RequestHead {
  /// What becomes of a request.
  enum Verdict {
    case call(Route, timeout: Duration?)
    /// A gRPC call that ends at once.
    case refused(RPCError)
    /// The same for a compression that this server does not take.
    case refusedEncoding
    /// An answer in HTTP's terms, for who does not speak gRPC.
    case http(status: String, text: String)
  }

  private(set) var metadata = RawMetadata()
  /// What the client compresses with.
  private(set) var encoding = PeerEncoding.absent
  /// What it takes compressed.
  private(set) var accepted: AcceptedEncodings = []
  private var route: Route?
  private var isPost = false
  private var isGet = false
  private var isRoot = false
  private var contentType: ContentKind = .other
  private var timeout: Timeout = .none

  private enum ContentKind { case other, proto, otherFormat }
  private enum Timeout { case none, valid(Duration), malformed }

  mutating func add(
    name: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer,
    router: Router,
    accepting: AcceptedEncodings
  ) {
    switch name.count {
    case 5 where name.equals(":path"):
      route = router.route(at: value)
      isRoot = value.equals("/")
    case 7 where name.equals(":method"):
      isPost = value.equals("POST")
      isGet = value.equals("GET")
    case 12 where name.equals("content-type"):
      contentType = Self.kind(of: value)
    case 12 where name.equals("grpc-timeout"):
      let text = String(decoding: value, as: UTF8.self)
      timeout = GRPCTimeout.decode(text).map(Timeout.valid) ?? .malformed
    case 13 where name.equals("grpc-encoding"):
      encoding = PeerEncoding(value, accepting: accepting)
    case 20 where name.equals("grpc-accept-encoding"):
      accepted.formUnion(AcceptedEncodings(header: value))
    case 2 where name.equals("te"), 7 where name.equals(":scheme"),
      10 where name.equals(":authority"):
      break
    default:
      metadata.append(name: name, value: value)
    }
  }

  var verdict: Verdict {
    guard isPost else {
      return isGet && isRoot
        ? .http(status: "200", text: "This is a gRPC server.\n")
        : .http(status: "405", text: "This server answers POST requests of gRPC.\n")
    }
    switch contentType {
    case .other: return .http(status: "415", text: "The content-type is not application/grpc.\n")
    case .otherFormat: return .refused(RPCError(.unimplemented, "messages are protobuf's here"))
    case .proto: break
    }
    guard encoding != .refused else { return .refusedEncoding }
    guard let route else { return .refused(RPCError(.unimplemented, "there is no such method")) }
    switch timeout {
    case .none: return .call(route, timeout: nil)
    case .valid(let timeout): return .call(route, timeout: timeout)
    case .malformed: return .refused(RPCError(.internal, "malformed grpc-timeout"))
    }
  }

  private static func kind(of value: UnsafeRawBufferPointer) -> ContentKind {
    if value.equals("application/grpc") || value.equals("application/grpc+proto") { return .proto }
    let text = String(decoding: value, as: UTF8.self)
    guard ContentType.isGRPC(text) else { return .other }
    return ContentType.isProto(text) ? .proto : .otherFormat
  }
}
