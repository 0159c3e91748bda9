import CLinux
import Glibc
import TestFiles
import Testing

@testable import MartletNet

@Suite struct FoldableRunTests {
  @Test(
    "every byte is back where it was, however few or many are not zero",
    arguments: [0, 1, 7, 64, 1_000, 8_000]
  )
  func roundTrip(count: Int) throws {
    var made = FoldableRun(pageCount: 2)
    let taken = made?.take(8_100)
    let block = try #require(taken)
    let bytes = UnsafeMutableRawBufferPointer(start: block, count: 8_100)
    var random = SystemRandomNumberGenerator()
    for _ in 0..<count { bytes[Int.random(in: 0..<8_100, using: &random)] = .random(in: 1...255) }
    let before = Array(bytes)
    for _ in 0..<3 {
      let isDone = made?.fold()
      #expect(isDone == true && made?.isFolded == true)
      #expect(Self.residentPages(block) == 0)
      made?.unfold()
      #expect(made?.isFolded == false && Array(bytes) == before)
    }
    made?.free()
  }

  @Test("a second fold changes nothing, nor does an unfold too many")
  func twice() throws {
    var made = FoldableRun(pageCount: 1)
    let taken = made?.take(100)
    let block = try #require(taken)
    block.storeBytes(of: 7, as: UInt8.self)
    let folds = [made?.fold(), made?.fold()]
    #expect(folds == [true, false])
    made?.unfold()
    made?.unfold()
    #expect(block.load(as: UInt8.self) == 7)
    // Freed while folded, its pages are the next one's, and empty.
    let isFolded = made?.fold()
    #expect(isFolded == true)
    made?.free()
    var next = FoldableRun(pageCount: 1)
    let again = next?.take(4_000)
    let other = try #require(again)
    #expect(UnsafeRawBufferPointer(start: other, count: 4_000).allSatisfy { $0 == 0 })
    next?.free()
  }

  @Test("blocks are aligned, stand beside each other, and end with the pages")
  func blocks() {
    var made = FoldableRun(pageCount: 1)
    var ends: UInt = 0
    for size in [1, 16, 17, 1_000] {
      let taken = made?.take(size)
      let block = UInt(bitPattern: taken)
      #expect(block > 0 && block % 16 == 0 && block >= ends)
      ends = block + UInt(size)
    }
    let tooLarge = [made?.take(4_000), made?.take(.max), made?.take(.max - 20)]
    #expect(tooLarge.allSatisfy { $0 == nil })
    let last = made?.take(1_000)
    #expect(last != nil)
    made?.free()
  }

  @Test("OpenSSL's large blocks stand in the run until it frees them or has them moved")
  func openSSLBlocks() throws {
    var made = FoldableRun(pageCount: 2)
    let blocks = made?.withOpenSSL {
      [600, 1_000, 511, 8_000].map { martlet_run_malloc($0, nil, 0) }
    }
    let (first, second) = try (#require(blocks?[0]), #require(blocks?[1]))
    #expect(second - first == 600 + 8 + 16)
    // Too small, and too large for what is left.
    for other in try [#require(blocks?[2]), #require(blocks?[3])] {
      #expect(abs(other - first) > 8_192)
      martlet_run_free(other, nil, 0)
    }
    second.storeBytes(of: 7, as: UInt8.self)
    let moved = try #require(martlet_run_realloc(second, 2_000, nil, 0))
    #expect(moved.load(as: UInt8.self) == 7 && abs(moved - first) > 8_192)
    martlet_run_free(moved, nil, 0)
    let outside = martlet_run_malloc(1_000, nil, 0)
    martlet_run_free(martlet_run_realloc(outside, 5_000, nil, 0), nil, 0)
    martlet_run_free(nil, nil, 0)
    martlet_run_free(first, nil, 0)
    // A debug build checks that none is left.
    made?.free()
  }

  @Test("two pages have room for OpenSSL 3.0's state of a connection: 7,608 and 536 bytes")
  func exactRoom() {
    var made = FoldableRun(pageCount: 2)
    let taken = [made?.take(7_608), made?.take(536), made?.take(1)]
    #expect(taken[0] != nil && taken[1] != nil && taken[2] == nil)
    made?.free()
  }

  #if DEBUG
    @Test("whoever looks at folded pages crashes, and so does who ends a run that is in use")
    func violations() async {
      await #expect(processExitsWith: .signal(SIGSEGV)) {
        var made = FoldableRun(pageCount: 1)
        let block = made?.take(100)
        block?.storeBytes(of: 7, as: UInt8.self)
        guard made?.fold() == true, let block, block.load(as: UInt8.self) == 0 else { exit(0) }
        exit(0)
      }
      await #expect(processExitsWith: .failure) {
        var made = FoldableRun(pageCount: 1)
        _ = made?.withOpenSSL { martlet_run_malloc(600, nil, 0) }
        made?.free()
        exit(0)
      }
    }
  #endif

  private static func residentPages(_ block: UnsafeMutableRawPointer) -> Int {
    let page = UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: block) & ~4_095)
    var resident: [UInt8] = [0, 0]
    mincore(page, 8_192, &resident)
    return resident.count { $0 & 1 == 1 }
  }
}

@Suite struct QuietTransportTests {
  private static func limits() -> NetLimits {
    var limits = NetLimits()
    limits.foldDelay = .milliseconds(20)
    return limits
  }

  @Test("a transport falls quiet once, and again after it was used")
  func quiet() async throws {
    let loop = try EventLoop(limits: Self.limits())
    try loop.start()
    let (server, client) = (QuietLog(), QuietLog())
    try await on(loop) {
      let ends = Transport.pipe(loop, loop)
      server.transport = ends.server
      client.transport = ends.client
      ends.server.open(delegate: server)
      ends.client.open(delegate: client)
    }
    for round in 1...3 {
      try await eventually(loop, "both fall quiet") {
        server.quiet == round && client.quiet == round
      }
      try await Task.sleep(for: .milliseconds(80))
      try await on(loop) {
        #expect(server.quiet == round && client.quiet == round)
        withUnsafeBytes(of: UInt8(round)) { client.transport?.write($0) }
      }
      try await eventually(loop, "it arrives") { server.count == round }
      // Who only writes says so.
      try await on(loop) { client.transport?.noteUse() }
    }
    try await on(loop) { client.transport?.close() }
    try await eventually(loop, "both close") { server.isClosed && client.isClosed }
    await loop.stopAndWait()
  }

  @Test("one that is closed is not told, and of many all are")
  func many() async throws {
    let loop = try EventLoop(limits: Self.limits())
    try loop.start()
    let logs = (0..<700).map { _ in QuietLog() }
    try await on(loop) {
      for pair in stride(from: 0, to: logs.count, by: 2) {
        let ends = Transport.pipe(loop, loop)
        logs[pair].transport = ends.server
        logs[pair + 1].transport = ends.client
        ends.server.open(delegate: logs[pair])
        ends.client.open(delegate: logs[pair + 1])
      }
      for index in 0..<100 { logs[index].transport?.close() }
    }
    try await eventually(loop, "all others fall quiet") {
      logs[100...].allSatisfy { $0.quiet == 1 }
    }
    try await on(loop) {
      #expect(logs[..<100].allSatisfy { $0.quiet == 0 && $0.isClosed })
      for log in logs { log.transport?.close() }
    }
    try await eventually(loop, "all close") { logs.allSatisfy(\.isClosed) }
    await loop.stopAndWait()
  }
}

private final class QuietLog: TransportDelegate, @unchecked Sendable {
  var transport: Transport?
  var quiet = 0
  var count = 0
  var isClosed = false

  func transportDidOpen(_ transport: Transport) {}
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {
    count += bytes.count
  }
  func transportDidReachEnd(_ transport: Transport) { transport.close() }
  func transportWillFlush(_ transport: Transport) {}
  func transportDidFallQuiet(_ transport: Transport) { quiet += 1 }
  func transportDidClose(_ transport: Transport, error: NetError?) { isClosed = true }
}
