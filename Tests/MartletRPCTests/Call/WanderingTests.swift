import EchoSchema
import MartletNet
import Testing

@testable import MartletRPC

/// Tasks that send and read now on the call's loop, now elsewhere, as chance has it.
@Suite(.timeLimit(.minutes(2))) struct WanderingTests {
  /// SplitMix64: a seed that fails can be run again.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  private static let messages: UInt32 = 400

  @Test(
    "messages come once and in order, wherever they are sent and read",
    arguments: Wire.allCases
  )
  func inOrder(wire: Wire) async throws {
    try await EchoFixture(wire: wire, handler: Self.handler).run { client, _ in
      for seed in 0..<12 {
        let call = try await client.chat()
        let loop = call.core.loop
        async let sent: Void = Self.send(call.requests, loop, Dice(state: UInt64(seed)))
        let seen = try await Self.read(call.responses, loop, Dice(state: UInt64(1000 + seed)))
        try await sent
        #expect(seen == Array(0..<Self.messages), "seed \(seed)")
        let traffic = call.core.traffic(sendsRequests: true)
        #expect(traffic.requestMessages == Int(Self.messages), "seed \(seed)")
        #expect(traffic.responseMessages == Int(Self.messages), "seed \(seed)")
      }
    }
  }

  /// Answers each request with its number; every now and then a child task reads and sends.
  private static var handler: CustomHandler {
    CustomHandler(onChat: { requests, responses, _ in
      var dice = Dice(state: 7)
      var isOver = false
      while !isOver {
        let count = Int.random(in: 1...20, using: &dice)
        let echo = { @Sendable () async throws -> Bool in
          var iterator = requests.makeAsyncIterator()
          for _ in 0..<count {
            guard let request = try await iterator.next() else { return true }
            var response = EchoResponse()
            response.index = request.count
            response.padding = request.padding
            try await responses.send(response)
          }
          return false
        }
        switch Int.random(in: 0..<4, using: &dice) {
        case 0:
          async let over = echo()
          isOver = try await over
        case 1: isOver = try await Task { try await echo() }.value
        default: isOver = try await echo()
        }
      }
    })
  }

  private static func send(
    _ requests: MessageWriter<EchoRequest>,
    _ loop: EventLoop,
    _ dice: Dice
  ) async throws {
    var dice = dice
    var next: UInt32 = 0
    while next < messages {
      let end = min(messages, next + UInt32.random(in: 1...20, using: &dice))
      let large = Int.random(in: 0..<6, using: &dice) == 0
      try await somewhere(loop, &dice) { [next] (_: isolated (any Actor)?) in
        for index in next..<end {
          var message = request(count: index)
          if large { message.padding = [UInt8](repeating: 1, count: 10_000) }
          try await requests.send(message)
        }
      }
      next = end
    }
    await requests.finish()
  }

  private static func read(
    _ responses: MessageStream<EchoResponse>,
    _ loop: EventLoop,
    _ dice: Dice
  ) async throws -> [UInt32] {
    var dice = dice
    var seen: [UInt32] = []
    var isOver = false
    while !isOver {
      let count = Int.random(in: 1...20, using: &dice)
      let taken = try await somewhere(loop, &dice) { (_: isolated (any Actor)?) in
        var iterator = responses.makeAsyncIterator()
        var taken: [UInt32] = []
        while taken.count < count, let response = try await iterator.next() {
          taken.append(response.index)
        }
        return taken
      }
      seen += taken
      isOver = taken.count < count
    }
    return seen
  }

  /// On the loop, in another task, on an actor, or where the caller is.
  private static func somewhere<Result: Sendable>(
    _ loop: EventLoop,
    _ dice: inout Dice,
    _ body: @escaping @Sendable (isolated (any Actor)?) async throws -> Result
  ) async throws -> Result {
    switch Int.random(in: 0..<4, using: &dice) {
    case 0: try await Task(executorPreference: loop) { try await body(nil) }.value
    case 1: try await Task { try await body(nil) }.value
    case 2: try await Place().run(body)
    default: try await body(nil)
    }
  }

  private actor Place {
    func run<Result: Sendable>(
      _ body: @Sendable (isolated (any Actor)?) async throws -> Result
    ) async throws -> Result { try await body(self) }
  }
}
