import GRPCCore
import GRPCNIOTransportHTTP2
import Glibc
import NIOCore
import NIOPosix
import PeerSchema
import Synchronization

/// `grpc-swift-client unary|chat[-on-loop] PORT ROOTS TASKS WINDOW WARMUP SECONDS`: the program of
/// ../../../martlet-peer, written against grpc-swift-2.
@main
enum BenchmarkClient {
  static let operations = Atomic<Int>(0)
  typealias Client = Bench_Rpc_V1_Greeter.Client<HTTP2ClientTransport.Posix>

  static func main() async throws {
    let arguments = Arguments(CommandLine.arguments)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let transport = try HTTP2ClientTransport.Posix.http2NIOPosix(
      target: .dns(host: "localhost", port: arguments.port),
      transportSecurity: .tls {
        $0.trustRoots = .certificates([.file(path: arguments.roots, format: .pem)])
      },
      eventLoopGroup: group
    )
    let executor = arguments.isOnLoop ? LoopExecutor(group.next()) : nil
    try await withGRPCClient(transport: transport) { wrapped in
      let client = Client(wrapping: wrapped)
      for _ in 0..<arguments.tasks {
        Task(executorPreference: executor) {
          do {
            if arguments.mode.hasPrefix("unary") {
              try await call(client)
            } else {
              try await chat(client, window: arguments.window)
            }
          } catch {
            fail("\(error)")
          }
        }
      }
      try await measure(arguments)
    }
  }

  static func call(_ client: Client) async throws -> Never {
    var request = Bench_Rpc_V1_HelloRequest()
    request.name = "load"
    while true {
      let reply = try await client.sayHello(request)
      guard reply.message == "Hello, load" else { fail("a response is wrong") }
      operations.add(1, ordering: .relaxed)
    }
  }

  /// The requests are made by one closure and the responses read by another, so a signal goes
  /// between them when all of a turn's notes are back.
  static func chat(_ client: Client, window: Int) async throws {
    let text = "a note of some size"
    let (turns, next) = AsyncStream.makeStream(of: Void.self)
    next.yield()
    try await client.chat { writer in
      var note = Bench_Rpc_V1_Note()
      note.text = text
      for await _ in turns {
        for _ in 0..<window {
          note.number += 1
          try await writer.write(note)
        }
      }
    } onResponse: { response in
      var expected: UInt64 = 0
      for try await reply in response.messages {
        expected += 1
        guard reply.number == expected, reply.text == text else { fail("a response is wrong") }
        operations.add(1, ordering: .relaxed)
        if expected % UInt64(window) == 0 { next.yield() }
      }
    }
  }

  static func measure(_ arguments: Arguments) async throws {
    try await Task.sleep(for: .seconds(arguments.warmup))
    let count = operations.load(ordering: .relaxed)
    let spent = cpuSeconds()
    try await Task.sleep(for: .seconds(arguments.seconds))
    let made = operations.load(ordering: .relaxed) - count
    let cpu = cpuSeconds() - spent
    guard made > 0 else { fail("nothing was answered") }
    print(#"{"operations": \#(made), "client_cpu_seconds": \#(cpu)}"#)
    exit(0)
  }

  /// The time that all threads of this process have run.
  static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func fail(_ message: String) -> Never {
    print("failed: \(message)")
    exit(1)
  }
}

/// Runs tasks on an event loop, for which NIO has nothing ready.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

struct Arguments {
  let mode: String
  let port: Int
  let roots: String
  let tasks: Int
  let window: Int
  let warmup: Double
  let seconds: Double

  var isOnLoop: Bool { mode.hasSuffix("-on-loop") }

  init(_ words: [String]) {
    guard words.count == 8, let port = Int(words[2]), let tasks = Int(words[4]),
      let window = Int(words[5]), let warmup = Double(words[6]), let seconds = Double(words[7])
    else {
      BenchmarkClient.fail(
        "usage: client unary|chat[-on-loop] PORT ROOTS TASKS WINDOW WARMUP SECONDS"
      )
    }
    mode = words[1]
    self.port = port
    roots = words[3]
    self.tasks = tasks
    self.window = window
    self.warmup = warmup
    self.seconds = seconds
  }
}
