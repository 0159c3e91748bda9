import Glibc
import GreeterSchema
import MartletRPC
import Synchronization

/// `bench-rpc-client unary|chat PORT ROOTS TASKS WINDOW WARMUP SECONDS`.
///
/// So many tasks at a time call, or hold a stream on which `WINDOW` notes go out and come back in turns. In the modes
/// `unary-on-loop` and `chat-on-loop` these tasks run on the channel's executor, else, as tasks do,
/// on Swift's.
///
/// It prints how many operations it made in the measured seconds and its own CPU time for them. The
/// same program written against grpc-swift-2 is in ../../../grpc-swift-peer.
@main
enum BenchmarkClient {
  static let operations = Atomic<Int>(0)

  static func main() async throws {
    let arguments = Arguments(CommandLine.arguments)
    let channel = Channel(
      to: .host("localhost", port: arguments.port),
      configuration: ChannelConfiguration(security: .tls(trust: .pemFile(arguments.roots)))
    )
    let client = GreeterClient(channel)
    for _ in 0..<arguments.tasks {
      Task(executorPreference: arguments.isOnLoop ? channel.executor : nil) {
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

  static func call(_ client: GreeterClient) async throws -> Never {
    var request = HelloRequest()
    request.name = "load"
    while true {
      let reply = try await client.sayHello(request)
      guard reply.message == "Hello, load" else { fail("a response is wrong") }
      operations.add(1, ordering: .relaxed)
    }
  }

  static func chat(_ client: GreeterClient, window: Int) async throws {
    var note = Note()
    note.text = "a note of some size"
    let call = try await client.chat()
    var replies = call.responses.makeAsyncIterator()
    var expected: UInt64 = 0
    while true {
      for _ in 0..<window {
        note.number += 1
        try await call.requests.send(note)
      }
      for _ in 0..<window {
        expected += 1
        let reply = try await replies.next()
        guard reply?.number == expected, reply?.text == note.text else {
          fail("a response is wrong")
        }
        operations.add(1, ordering: .relaxed)
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
