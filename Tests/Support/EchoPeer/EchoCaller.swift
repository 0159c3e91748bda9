import EchoSchema
import MartletRPC

/// Makes the calls that a test names and prints what came of them, one fact a line.
struct EchoCaller {
  private let check: String
  private let channel: Channel
  private var client: EchoServiceClient { EchoServiceClient(channel) }

  init(_ arguments: [String]) {
    guard arguments.count >= 2, let port = Int(arguments[1]) else {
      EchoPeer.fail("usage: EchoPeer call CHECK PORT [ROOTS]")
    }
    check = arguments[0]
    var configuration = ChannelConfiguration(security: .plaintext)
    if arguments.count > 2 { configuration.security = .tls(trust: .pemFile(arguments[2])) }
    configuration.limits.maxResponseMessageBytes = 1 << 20
    if check == "keepalive" {
      configuration.keepaliveInterval = .seconds(2)
      configuration.keepaliveTimeout = .seconds(1)
    }
    channel = Channel(to: .host("localhost", port: port), configuration: configuration)
  }

  func run() async throws {
    switch check {
    case "unary": try await unary()
    case "server-streaming": try await serverStreaming()
    case "client-streaming": try await clientStreaming()
    case "bidirectional": try await bidirectional()
    case "status": await status()
    case "metadata": try await metadata()
    case "deadline": await deadline()
    case "cancel": try await cancel()
    case "too-large": await tooLarge()
    case "unknown-method": await unknownMethod()
    case "keepalive": try await keepalive()
    case "scripted-unary": await scriptedUnary()
    case "scripted-stream": try await scriptedStream()
    default: EchoPeer.fail("no such check: \(check)")
    }
    await channel.close()
  }

  private func unary() async throws {
    let response = try await client.get(request("hé 🐦", paddingBytes: 100_000))
    print("text \(response.text)")
    print("padding \(response.padding.count)")
  }

  private func serverStreaming() async throws {
    var request = request("s", paddingBytes: 1000)
    request.count = 500
    let call = try await client.expand(request)
    var count: UInt32 = 0
    for try await response in call.responses {
      guard response.index == count, response.padding.count == 1000 else { break }
      count += 1
    }
    print("in order \(count)")
  }

  private func clientStreaming() async throws {
    let call = try await client.collect()
    for index in 0..<500 { try await call.requests.send(request("\(index % 10)")) }
    await call.requests.finish()
    let response = try await call.response()
    print("requests \(response.index)")
    print("characters \(response.text.count)")
  }

  private func bidirectional() async throws {
    let call = try await client.chat()
    var responses = call.responses.makeAsyncIterator()
    for index in 0..<200 {
      try await call.requests.send(request("ping \(index)"))
      guard try await responses.next()?.text == "ping \(index)" else { break }
      if index == 199 { print("round trips 200") }
    }
    await call.requests.finish()
    print("ended \(try await responses.next() == nil)")
  }

  private func status() async {
    var request = request("")
    request.status = 5
    request.statusMessage = "nie ma łodzi: 100% ☂\n"
    await report { try await client.get(request) }
  }

  private func metadata() async throws {
    var metadata = Metadata()
    try metadata.append("hello there", for: "x-echo-text")
    try metadata.append([0, 1, 254, 255], for: "x-echo-bytes-bin")
    var request = request("m")
    request.count = 1
    let call = try await client.expand(request, options: CallOptions(metadata: metadata))
    for try await _ in call.responses {}
    print("leading \(try await call.metadata()["x-echo-text"] ?? "none")")
    print("trailing \(try await call.trailers().binaryValues(for: "x-echo-bytes-bin"))")
  }

  private func deadline() async {
    var request = request("late")
    request.delayMs = 20_000
    let start = ContinuousClock.now
    await report {
      try await client.get(request, options: CallOptions(timeout: .milliseconds(200)))
    }
    print("in time \(ContinuousClock.now - start < .seconds(10))")
  }

  private func cancel() async throws {
    let call = try await client.chat()
    try await call.requests.send(request("before"))
    var responses = call.responses.makeAsyncIterator()
    print("text \(try await responses.next()?.text ?? "none")")
    call.cancel()
    await report { try await responses.next() }
  }

  private func tooLarge() async {
    await report { try await client.get(request("", paddingBytes: 2 << 20)) }
    await report { try await client.get(request("small")) }
  }

  /// The connection dies silently after about a second.
  private func keepalive() async throws {
    let call = try await client.chat()
    try await call.requests.send(request("before"))
    var responses = call.responses.makeAsyncIterator()
    print("text \(try await responses.next()?.text ?? "none")")
    let start = ContinuousClock.now
    await report { try await responses.next() }
    print("in time \(ContinuousClock.now - start < .seconds(6))")
  }

  /// Whatever a server of the test's own answers to one request.
  private func scriptedUnary() async {
    await report { print("text \(try await client.get(request("hello")).text)") }
  }

  /// The same for many responses, with all metadata.
  private func scriptedStream() async throws {
    let call = try await client.chat()
    await call.requests.finish()
    await report {
      for entry in try await call.metadata().entries { print("leading \(text(of: entry))") }
      for try await response in call.responses { print("text \(response.text)") }
      for entry in try await call.trailers().entries { print("trailing \(text(of: entry))") }
    }
  }

  private func text(of entry: Metadata.Entry) -> String {
    switch entry.value {
    case .text(let text): "\(entry.name) \(text)"
    case .binary(let bytes): "\(entry.name) \(hex(bytes))"
    }
  }

  private func unknownMethod() async {
    let method = MethodDescriptor<EchoRequest, EchoResponse>(
      service: EchoService.name,
      name: "Missing",
      kind: .unary
    )
    await report { try await channel.unary(method, request("")) }
  }

  private func request(_ text: String, paddingBytes: UInt32 = 0) -> EchoRequest {
    var request = EchoRequest()
    request.text = text
    request.paddingBytes = paddingBytes
    return request
  }

  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private func report<T>(_ call: () async throws -> T) async {
    do {
      _ = try await call()
      print("status OK")
    } catch let error as RPCError {
      print("status \(error.code) \(error.message.replacing("\n", with: "\\n"))")
      if let details = error.statusDetails { print("details \(hex(details))") }
      if check.hasPrefix("scripted") {
        for entry in error.metadata.entries { print("trailing \(text(of: entry))") }
      }
    } catch {
      print("unexpected \(error)")
    }
  }
}
