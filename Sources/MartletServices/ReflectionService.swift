public import MartletRPC
internal import MartletWire

/// Tells clients that have no schema, such as grpcurl, what a server serves: gRPC's server reflection,
/// versions 1 and 1alpha.
///
/// It shows the descriptors that generated code carries. A service without them is listed but cannot
/// be described. Whoever may call the server may read its schema; leave it out where that is not
/// wanted.
///
/// Protocol: <https://github.com/grpc/grpc/blob/master/doc/server-reflection.md>
public struct ReflectionService: Sendable {
  /// Names that one question may have, bytes; a longer one is not found.
  public static let maxNameBytes = 1_024

  private let index: ReflectionIndex

  /// Creates the service.
  ///
  /// - Parameter services: what the server serves besides; reflection adds itself.
  public init(_ services: [RPCService]) {
    var index = ReflectionIndex()
    for service in services { index.add(service) }
    let own = GRPCServerReflection.self
    index.add(RPCService(name: own.name, methods: [], descriptors: own.descriptors))
    index.addReflectionAlpha()
    self.index = index
  }

  /// Both versions, to serve with the others.
  public var services: [RPCService] {
    [
      service(named: GRPCServerReflection.name),
      service(named: ReflectionAlpha.serviceName),
    ]
  }

  private func service(named name: String) -> RPCService {
    let method = MethodDescriptor<GRPCServerReflectionRequest, GRPCServerReflectionResponse>(
      service: name,
      name: GRPCServerReflection.Methods.serverReflectionInfo.name,
      kind: .bidirectional
    )
    return RPCService(
      name: name,
      methods: [
        .bidirectional(method) { requests, responses, call in
          call.endOnShutdown()
          var conversation = ReflectionConversation(index)
          for try await request in requests {
            try await responses.send(conversation.answer(request))
          }
        }
      ],
      descriptors: nil
    )
  }
}

extension ReflectionIndex {
  fileprivate mutating func addReflectionAlpha() {
    guard let path = file(declaring: GRPCServerReflection.name), let bytes = files[path]?.bytes,
      let original = try? IndexedFile(decoding: bytes)
    else { preconditionFailure("the descriptors of reflection are damaged") }
    add(RPCService(name: ReflectionAlpha.serviceName, methods: []))
    let file = ReflectionAlpha.file(from: original)
    add(file, file.encoded())
  }
}

/// One stream of questions: remembers which files it has sent.
///
/// A value without I/O.
struct ReflectionConversation {
  private let index: ReflectionIndex
  private var sent: Set<String> = []

  init(_ index: ReflectionIndex) {
    self.index = index
  }

  mutating func answer(_ request: GRPCServerReflectionRequest) -> GRPCServerReflectionResponse {
    .with {
      $0.validHost = request.host
      $0.originalRequest = request
      $0.messageResponse = answer(to: request.messageRequest)
    }
  }

  private mutating func answer(
    to question: GRPCServerReflectionRequest.MessageRequest?
  ) -> GRPCServerReflectionResponse.MessageResponse {
    switch question {
    case .listServices:
      return .listServicesResponse(
        .with { $0.service = index.services.map { name in .with { $0.name = name } } }
      )
    case .fileByFilename(let path):
      return files(index.files[bounded(path)] == nil ? nil : path, "file", path)
    case .fileContainingSymbol(let symbol):
      return files(index.file(declaring: bounded(symbol)), "symbol", symbol)
    case .fileContainingExtension(let asked):
      let name = "\(asked.containingType.prefix(ReflectionService.maxNameBytes))"
      let path = index.file(extending: bounded(name), with: asked.extensionNumber)
      return files(path, "extension", "\(asked.extensionNumber) of \(name)")
    case .allExtensionNumbersOfType(let type):
      guard let numbers = index.extensionNumbers(of: bounded(type)) else {
        return notFound("type", type)
      }
      return .allExtensionNumbersResponse(
        .with {
          $0.baseTypeName = type
          $0.extensionNumber = numbers
        }
      )
    case nil:
      return error(.invalidArgument, "the request asks nothing")
    }
  }

  /// A name that no schema can hold costs no look-up: hashing some texts takes long.
  private func bounded(_ name: String) -> String {
    name.utf8.count <= ReflectionService.maxNameBytes ? name : ""
  }

  /// The file at `path`, then what it imports and this stream has not carried yet.
  private mutating func files(
    _ path: String?,
    _ kind: String,
    _ asked: String
  ) -> GRPCServerReflectionResponse.MessageResponse {
    guard let path else { return notFound(kind, asked) }
    var paths = [path]
    var next = 0
    while next < paths.count {
      let imports = index.files[paths[next]]?.imports ?? []
      paths += imports.filter {
        index.files[$0] != nil && !sent.contains($0) && !paths.contains($0)
      }
      next += 1
    }
    sent.formUnion(paths)
    let files = paths.compactMap { index.files[$0]?.bytes }
    return .fileDescriptorResponse(.with { $0.fileDescriptorProto = files })
  }

  private func notFound(
    _ kind: String,
    _ name: String
  ) -> GRPCServerReflectionResponse.MessageResponse {
    error(.notFound, "no such \(kind): \(name.prefix(ReflectionService.maxNameBytes))")
  }

  private func error(
    _ code: StatusCode,
    _ text: String
  ) -> GRPCServerReflectionResponse.MessageResponse {
    .errorResponse(
      .with {
        $0.errorCode = Int32(code.rawValue)
        $0.errorMessage = text
      }
    )
  }
}
