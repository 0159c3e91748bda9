import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import PeerSchema

typealias EchoClient = Martlet_Test_V1_EchoService.Client<HTTP2ClientTransport.Posix>
typealias EchoRequest = Martlet_Test_V1_EchoRequest
typealias EchoResponse = Martlet_Test_V1_EchoResponse

/// `grpc-swift-echo-caller CHECK PORT [ROOTS]`: makes the calls that a test names with grpc-swift-2
/// and prints what came of them, one fact a line.
@main
enum EchoCaller {
  static let checks: [String: @Sendable (EchoClient) async throws -> Void] = [
    "unary": unary,
    "server-streaming": serverStreaming,
    "client-streaming": clientStreaming,
    "bidirectional": bidirectional,
    "statuses": statuses,
    "status-after-responses": statusAfterResponses,
    "metadata": metadata,
    "deadline": deadline,
    "cancel": cancel,
    "too-large": tooLarge,
    "gzip": { try await compressed($0, .gzip) },
    "deflate": { try await compressed($0, .deflate) },
    "many": many,
  ]

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let check = checks[arguments[1]], let port = Int(arguments[2])
    else {
      print("usage: grpc-swift-echo-caller CHECK PORT [ROOTS]")
      exit(1)
    }
    let roots = arguments.count > 3 ? arguments[3] : nil
    let transport = try HTTP2ClientTransport.Posix.http2NIOPosix(
      target: .dns(host: "localhost", port: port),
      transportSecurity: roots.map { file in
        .tls { $0.trustRoots = .certificates([.file(path: file, format: .pem)]) }
      } ?? .plaintext,
      config: .defaults { $0.compression.enabledAlgorithms = .all }
    )
    try await withGRPCClient(transport: transport) { client in
      try await check(EchoClient(wrapping: client))
    }
  }

  static func unary(_ client: EchoClient) async throws {
    let response = try await client.get(request("hé 🐦", paddingBytes: 1_000_000))
    print("text \(response.text)")
    print("padding \(response.padding == Data(repeating: 0x5a, count: 1_000_000))")
  }

  static func serverStreaming(_ client: EchoClient) async throws {
    var request = request("s", paddingBytes: 1000)
    request.count = 1000
    try await client.expand(request) { response in
      var count: UInt32 = 0
      for try await message in response.messages {
        guard message.index == count, message.padding.count == 1000 else { break }
        count += 1
      }
      print("in order \(count)")
    }
  }

  static func clientStreaming(_ client: EchoClient) async throws {
    let response = try await client.collect { writer in
      for index in 0..<1000 { try await writer.write(request("\(index % 10)")) }
    }
    print("requests \(response.index)")
    print("characters \(response.text.count)")
  }

  /// Each request waits for the response to the one before.
  static func bidirectional(_ client: EchoClient) async throws {
    let (turns, next) = AsyncStream.makeStream(of: Int.self)
    next.yield(0)
    try await client.chat { writer in
      for await turn in turns { try await writer.write(request("ping \(turn)")) }
    } onResponse: { response in
      var count = 0
      for try await message in response.messages {
        guard message.text == "ping \(count)" else { break }
        count += 1
        if count < 200 { next.yield(count) } else { next.finish() }
      }
      print("round trips \(count)")
    }
  }

  /// Every status but OK, with a message that is not ASCII.
  static func statuses(_ client: EchoClient) async throws {
    for code in 1...16 {
      var request = request("")
      request.status = UInt32(code)
      request.statusMessage = "łódź \(code) 100% ☂\r\n"
      await report { try await client.get(request) }
    }
  }

  static func statusAfterResponses(_ client: EchoClient) async throws {
    var request = request("")
    request.count = 3
    request.status = 10
    request.statusMessage = "enough"
    try await client.expand(request) { response in
      var count = 0
      await report {
        for try await _ in response.messages { count += 1 }
      }
      print("responses \(count)")
    }
  }

  static func metadata(_ client: EchoClient) async throws {
    var metadata: Metadata = ["x-echo-text": "a, b"]
    metadata.addBinary(Array(0...255), forKey: "x-echo-one-bin")
    metadata.addBinary([], forKey: "x-echo-two-bin")
    var request = request("m")
    request.count = 1
    try await client.expand(request, metadata: metadata) { response in
      print("leading \(Array(response.metadata[stringValues: "x-echo-text"]))")
      for try await part in response.bodyParts {
        guard case .trailingMetadata(let trailing) = part else { continue }
        let bytes = Array(trailing[binaryValues: "x-echo-one-bin"])
        print("trailing \(bytes == [Array(0...255)])")
        print("empty \(Array(trailing[binaryValues: "x-echo-two-bin"]))")
      }
    }
  }

  static func deadline(_ client: EchoClient) async throws {
    var request = request("late")
    request.delayMs = 20_000
    var options = CallOptions.defaults
    options.timeout = .milliseconds(200)
    let start = ContinuousClock.now
    await report { try await client.get(request, options: options) }
    print("in time \(ContinuousClock.now - start < .seconds(10))")
  }

  /// Leaving the closure that reads the responses gives the call up.
  static func cancel(_ client: EchoClient) async throws {
    await report {
      try await client.chat { writer in
        try await writer.write(request("before"))
        try await Task.sleep(for: .seconds(20))
      } onResponse: { response in
        for try await message in response.messages {
          print("text \(message.text)")
          return
        }
      }
    }
    print("after \(try await client.get(request("after")).text)")
  }

  static func tooLarge(_ client: EchoClient) async throws {
    var large = request("")
    large.padding = Data(count: 1 << 20)
    await report { try await client.get(large) }
    await report { try await client.get(request("small")) }
  }

  static func compressed(_ client: EchoClient, _ algorithm: CompressionAlgorithm) async throws {
    var options = CallOptions.defaults
    options.compression = algorithm
    let text = String(repeating: "compress me ", count: 10_000)
    await report {
      let response = try await client.get(request(text), options: options)
      print("same \(response.text == text)")
    }
  }

  static func many(_ client: EchoClient) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for index in 0..<1000 {
        group.addTask {
          try await client.get(request("\(index)", paddingBytes: 1000)).text == "\(index)"
        }
      }
      var right = 0
      for try await isRight in group where isRight { right += 1 }
      print("right \(right)")
    }
  }

  private static func request(_ text: String, paddingBytes: UInt32 = 0) -> EchoRequest {
    .with {
      $0.text = text
      $0.paddingBytes = paddingBytes
    }
  }

  private static func report<T>(_ call: () async throws -> T) async {
    do {
      _ = try await call()
      print("status OK")
    } catch let error as RPCError {
      print("status \(error.code.rawValue) \(error.message.debugDescription)")
    } catch {
      print("unexpected \(error)")
    }
  }
}
