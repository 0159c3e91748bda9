// Any bytes, as one side of an HTTP/2 connection over an in-memory pipe, against a server with the
// echo service, or against a channel with calls of each kind.
//
// The first byte picks the side, how the bytes are cut, whether they come in one turn or in four, and
// whether the rest is the wire's bytes or records that are made into frames, so that mutations reach
// past the length check. What is silent for a turn is folded. When the peer is gone nothing may be
// left: no call, no connection, no object of theirs.

import EchoSchema
import Glibc
import MartletNet

@testable import MartletHTTP2
@testable import MartletRPC

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let mode = bytes.first.map(Mode.init) else { return 0 }
  let rest = Array(bytes.dropFirst())
  let wire = mode.madeOfRecords ? Records.frames(rest[...]) : rest
  if mode.againstClient {
    ClientTarget.shared.run(mode.turns(of: wire), fragment: mode.fragment)
  } else {
    ServerTarget.shared.run(mode.turns(of: Records.preface + wire), fragment: mode.fragment)
  }
  return 0
}

/// What the first byte says.
struct Mode {
  let againstClient: Bool
  let madeOfRecords: Bool
  let fragment: Int
  private let pauses: Bool

  init(_ byte: UInt8) {
    againstClient = byte & 1 != 0
    madeOfRecords = byte & 2 != 0
    fragment = [Int.max, 1, 7, 100][Int(byte >> 2 & 3)]
    pauses = byte & 16 != 0
  }

  /// What comes in each turn.
  func turns(of bytes: [UInt8]) -> [[UInt8]] {
    guard pauses, bytes.count >= 4 else { return [bytes] }
    let quarter = bytes.count / 4
    let starts = [0, quarter, 2 * quarter, 3 * quarter, bytes.count]
    return (0..<4).map { Array(bytes[starts[$0]..<starts[$0 + 1]]) }
  }
}

/// Frames from records of type, flags, stream and length, a byte each, and the payload.
enum Records {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func frames(_ records: ArraySlice<UInt8>) -> [UInt8] {
    var rest = records
    var bytes: [UInt8] = []
    while rest.count >= 4 {
      let head = Array(rest.prefix(4))
      let payload = rest.dropFirst(4).prefix(Int(head[3]))
      rest = rest.dropFirst(4 + payload.count)
      bytes += [0, 0, UInt8(payload.count), head[0] % 12, head[1], 0, 0, 0, head[2]] + payload
    }
    return bytes
  }
}

/// Says its bytes and leaves.
final class FuzzPeer: TransportDelegate, @unchecked Sendable {
  private var turns: ArraySlice<[UInt8]>

  init(_ turns: [[UInt8]]) { self.turns = turns[...] }

  func transportDidOpen(_ transport: Transport) {
    guard let bytes = turns.popFirst() else { return transport.closeInOrder() }
    bytes.withUnsafeBytes { transport.write($0) }
    if turns.isEmpty { return transport.closeInOrder() }
    // Behind the look for what is silent, and once more, so that it is found.
    transport.loop.schedule(after: .zero) { [weak self] in
      transport.loop.schedule(after: .zero) { self?.transportDidOpen(transport) }
    }
  }
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {}
  func transportDidReachEnd(_ transport: Transport) { transport.close() }
  func transportWillFlush(_ transport: Transport) {}
  func transportDidClose(_ transport: Transport, error: NetError?) {}
}

/// Waits on the main thread for what happens on a loop.
func wait(_ body: @escaping @Sendable () async -> Void) {
  nonisolated(unsafe) let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  sem_init(semaphore, 0, 0)
  Task {
    await body()
    sem_post(semaphore)
  }
  while sem_wait(semaphore) != 0 {}
  sem_destroy(semaphore)
  semaphore.deallocate()
}

func on<T: Sendable>(_ loop: EventLoop, _ body: @escaping @Sendable () -> T) async -> T {
  await Task(executorPreference: loop) { body() }.value
}

/// Objects that must be gone.
final class Remains: @unchecked Sendable {
  weak var transport: Transport?
  weak var peer: FuzzPeer?

  func check(_ loop: EventLoop) async {
    // What was closed is freed at the end of the turn.
    for _ in 0..<200 {
      if await on(loop, { self.transport == nil && self.peer == nil }) { return }
    }
    fatalError("a closed connection is still held")
  }
}
