import EchoSchema
import MartletRPC

/// Makes one call of any kind as a conformance case describes it and prints all that its caller gets:
/// leading metadata, responses, status, trailing metadata.
///
/// `EchoPeer conform KIND PORT [OPTION=VALUE...]`: KIND is `unary`, `client-stream`, `server-stream`,
/// `half-duplex` or `full-duplex`. `messages=N` requests, of `padding=N` bytes; for every response of a
/// server that echoes: `delay=MS`, `count=N`, `asks=BYTES`; `status=N` in the last request; `timeout=MS`;
/// `cancel=before-close`, `after-close`, or after so many responses; `compress=gzip`; `limit=BYTES` of
/// a response.
struct ConformanceCaller {
  private enum Cancel: Equatable {
    case beforeClose, afterClose
    case afterResponses(Int)
  }

  private let kind: String
  private let port: Int
  private var messages = 1
  private var request = EchoRequest()
  private var lastStatus: UInt32 = 0
  private var options = CallOptions()
  private var cancel: Cancel?
  private var configuration = ChannelConfiguration(security: .plaintext)

  init(_ arguments: [String]) {
    guard arguments.count >= 2, let port = Int(arguments[1]) else {
      EchoPeer.fail("usage: EchoPeer conform KIND PORT [OPTION=VALUE...]")
    }
    kind = arguments[0]
    self.port = port
    request.text = "x"
    for argument in arguments.dropFirst(2) {
      let parts = argument.split(separator: "=", maxSplits: 1).map { String($0) }
      guard parts.count == 2 else { EchoPeer.fail("what is \(argument)?") }
      set(parts[0], parts[1])
    }
  }

  private mutating func set(_ name: String, _ value: String) {
    let number = Int(value) ?? 0
    switch name {
    case "messages": messages = number
    case "padding": request.padding = [UInt8](repeating: 9, count: number)
    case "asks": request.paddingBytes = UInt32(number)
    case "count": request.count = UInt32(number)
    case "delay": request.delayMs = UInt32(number)
    case "status": lastStatus = UInt32(number)
    case "timeout": options.timeout = .milliseconds(number)
    case "compress": options.compression = value == "gzip" ? .gzip : .deflate
    case "limit": configuration.limits.maxResponseMessageBytes = number
    case "cancel":
      switch value {
      case "before-close": cancel = .beforeClose
      case "after-close": cancel = .afterClose
      default: cancel = .afterResponses(number)
      }
    default: EchoPeer.fail("what is \(name)?")
    }
  }

  func run() async throws {
    let channel = Channel(to: .host("localhost", port: port), configuration: configuration)
    let client = EchoServiceClient(channel)
    // A call that cannot begin fails where it is opened.
    if let error = await failure({ try await call(client) }) { show(error, Metadata()) }
    await channel.close()
  }

  private func call(_ client: EchoServiceClient) async throws {
    switch kind {
    case "unary": await unary(client)
    case "client-stream": await clientStream(try await client.collect(options: options))
    case "server-stream":
      await read(try await client.expand(requests[0], options: options))
    case "half-duplex":
      let call = try await client.chat(options: options)
      await send(call)
      await read(call)
    case "full-duplex": await inStep(try await client.chat(options: options))
    default: EchoPeer.fail("no such kind: \(kind)")
    }
  }

  private var requests: [EchoRequest] {
    (0..<messages).map { index in
      var request = request
      if index == messages - 1 { request.status = lastStatus }
      return request
    }
  }

  private func unary(_ client: EchoServiceClient) async {
    let report = CallReport()
    var options = options
    options.report = report
    let error = await failure { show(try await client.get(requests[0], options: options)) }
    show("leading", report.metadata)
    show(error, report.trailers)
  }

  private func clientStream(_ call: ClientCall<EchoRequest, EchoResponse>) async {
    await send(call)
    let error = await failure { show(try await call.response()) }
    await conclude(call, error)
  }

  /// Sends all requests; the status tells why one could not be sent.
  private func send(_ call: ClientCall<EchoRequest, EchoResponse>) async {
    for request in requests { try? await call.requests.send(request) }
    await close(call)
  }

  private func close(_ call: ClientCall<EchoRequest, EchoResponse>) async {
    if cancel == .beforeClose { call.cancel() }
    await call.requests.finish()
    guard cancel == .afterClose else { return }
    try? await Task.sleep(for: .milliseconds(5))
    call.cancel()
  }

  /// Reads what comes, and gives the call up after as many responses as that was asked.
  private func read(
    _ call: ClientCall<EchoRequest, EchoResponse>,
    after count: Int = 0
  ) async {
    var count = count
    if cancel == .afterResponses(count) { call.cancel() }
    let error = await failure {
      for try await response in call.responses {
        show(response)
        count += 1
        if cancel == .afterResponses(count) { call.cancel() }
      }
    }
    await conclude(call, error)
  }

  /// A response is awaited before the next request goes out.
  private func inStep(_ call: ClientCall<EchoRequest, EchoResponse>) async {
    var responses = call.responses.makeAsyncIterator()
    var count = 0
    if cancel == .afterResponses(0) { call.cancel() }
    for request in requests {
      try? await call.requests.send(request)
      do {
        guard let response = try await responses.next() else { break }
        show(response)
        count += 1
        if cancel == .afterResponses(count) { call.cancel() }
      } catch {
        return await conclude(call, error)
      }
    }
    await close(call)
    let error = await failure { while let response = try await responses.next() { show(response) } }
    await conclude(call, error)
  }

  // MARK: What came of it

  private func conclude(
    _ call: ClientCall<EchoRequest, EchoResponse>,
    _ error: RPCError?
  ) async {
    show("leading", (try? await call.metadata()) ?? Metadata())
    let trailers = error == nil ? try? await call.trailers() : nil
    show(error, trailers ?? Metadata())
  }

  private func failure(_ body: () async throws -> Void) async -> RPCError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? RPCError ?? RPCError(.unknown, "not an RPCError: \(error)")
    }
  }

  private func show(_ response: EchoResponse) {
    print("response \(response.text) \(response.padding.count)")
  }

  private func show(_ error: RPCError?, _ trailers: Metadata) {
    if let error {
      print("status \(error.code) \(onOneLine(error.message))")
    } else {
      print("status OK")
    }
    show("trailing", error?.metadata ?? trailers)
  }

  /// By scalars: CR LF is one character.
  private func onOneLine(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { line, scalar in
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      default: line.unicodeScalars.append(scalar)
      }
    }
  }

  private func show(_ place: String, _ metadata: Metadata) {
    for entry in metadata.entries {
      switch entry.value {
      case .text(let text): print("\(place) \(entry.name) \(text)")
      case .binary(let bytes): print("\(place) \(entry.name) \(bytes)")
      }
    }
  }
}
