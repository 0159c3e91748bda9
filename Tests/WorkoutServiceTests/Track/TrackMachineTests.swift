import MartletRPC
import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

private func batch(
  _ sequences: Range<Int>,
  events: [ActivityEvent.Kind] = [],
  firstEvent: Int = 0
) throws -> TrackBatch {
  TrackBatch(
    activity: try Live.activity(1),
    device: try Live.device(1),
    firstSequence: sequences.isEmpty ? 0 : UInt64(sequences.lowerBound),
    samples: Live.samples(sequences),
    firstEventSequence: UInt64(firstEvent),
    events: events.map { ActivityEvent(type: $0, timeMs: 0) }
  )
}

private func progress(_ sequence: Int, _ event: Int = 0) -> TrackProgress {
  TrackProgress(nextSequence: UInt64(sequence), nextEventSequence: UInt64(event))
}

@Suite("pending batches")
struct PendingBatchesTests {
  private func take(_ pending: inout PendingBatches) throws -> TrackBatch {
    let batch = pending.take()
    return try #require(batch)
  }

  @Test("batches that follow one another become one")
  func joins() throws {
    var pending = PendingBatches()
    pending.add(try batch(0..<5))
    pending.add(try batch(5..<7, events: [.pause]))
    pending.add(try batch(0..<0, events: [.resume], firstEvent: 1))
    pending.add(try batch(7..<9))
    let joined = try take(&pending)
    #expect(joined.samples == Live.samples(0..<9))
    #expect(joined.firstSequence == 0)
    #expect(joined.events.map(\.type) == [.pause, .resume])
    #expect(pending.isEmpty)
    #expect(pending.take() == nil)
  }

  @Test("a gap, a repeat or an overlap is left for the store to judge")
  func separate() throws {
    for second in [6..<8, 0..<5, 4..<6] {
      var pending = PendingBatches()
      pending.add(try batch(0..<5))
      pending.add(try batch(second))
      #expect(pending.take()?.samples.count == 5)
      #expect(pending.take()?.firstSequence == UInt64(second.lowerBound))
    }
  }

  @Test("events first, samples later: both keep their sequences")
  func eventsThenSamples() throws {
    var pending = PendingBatches()
    pending.add(try batch(0..<0, events: [.lap], firstEvent: 3))
    pending.add(try batch(10..<12))
    let joined = try take(&pending)
    #expect(joined.firstEventSequence == 3)
    #expect(joined.firstSequence == 10)
    #expect(joined.samples.count == 2)
  }

  @Test("nothing is joined to the end of an activity, nor beyond what the store takes")
  func limits() throws {
    var pending = PendingBatches()
    pending.add(try batch(0..<5, events: [.finish]))
    pending.add(try batch(5..<6))
    #expect(pending.take()?.samples.count == 5)
    pending.removeAll()
    for index in 0..<3 { pending.add(try batch(index * 1500..<index * 1500 + 1500)) }
    #expect(pending.take()?.samples.count == 3000)
    #expect(pending.take()?.samples.count == 1500)
  }

  @Test("is full by messages and by samples, also when they are joined")
  func full() throws {
    var pending = PendingBatches()
    for index in 0..<ServiceLimits.batchesInFlight {
      #expect(!pending.isFull)
      pending.add(try batch(index..<index + 1))
    }
    #expect(pending.isFull)
    _ = pending.take()
    #expect(!pending.isFull)
    for index in 0..<4 { pending.add(try batch(index * 3600..<index * 3600 + 3600)) }
    #expect(pending.isFull)
  }
}

@Suite("a call of Track")
struct TrackMachineTests {
  private static func open(
    _ progress: TrackProgress = TrackProgress(),
    watchers: Int = 0
  ) -> TrackMachine {
    var machine = TrackMachine(now: .zero)
    machine.open(now: .zero)
    machine.opened(
      .init(state: .recording, progress: progress),
      Statistics(),
      watchers: watchers,
      now: .zero
    )
    return machine
  }

  private static func statistics(_ count: Int) -> Statistics {
    var statistics = Statistics()
    statistics.sampleCount = UInt64(count)
    return statistics
  }

  private func reply(
    _ machine: inout TrackMachine,
    at seconds: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> TrackReply {
    var reply: TrackReply?
    if case .reply(let next) = machine.nextReply(now: .seconds(seconds)) { reply = next }
    return try #require(reply, "no reply", sourceLocation: sourceLocation)
  }

  @Test("answers open first, with where to go on and how often to send")
  func opens() throws {
    var machine = Self.open(progress(7, 2), watchers: 3)
    let first = try reply(&machine)
    #expect(first.opened == .init(state: .recording, progress: progress(7, 2)))
    #expect(first.watchers == 3)
    #expect(machine.nextReply(now: .zero) == .wait)
    #expect(machine.mayRead)
  }

  @Test("acknowledges only what was stored, one append at a time, cumulatively")
  func acknowledges() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    #expect(machine.nextReply(now: .zero) == .wait)
    guard case .append(let first) = machine.nextWork() else {
      Issue.record("no work")
      return
    }
    machine.receive(try batch(5..<8), now: .zero)
    machine.receive(try batch(8..<9), now: .zero)
    #expect(machine.nextWork() == .wait)
    #expect(machine.nextReply(now: .zero) == .wait)
    machine.stored(first, progress(5), Self.statistics(5))
    #expect(try reply(&machine).ack == progress(5))
    #expect(machine.nextWork() == .append(try batch(5..<9)))
    machine.stored(try batch(5..<9), progress(9), Self.statistics(9))
    #expect(try reply(&machine).ack == progress(9))
  }

  @Test("acknowledges a repeat again, since the first answer may be lost")
  func repeats() throws {
    var machine = Self.open(progress(5))
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    guard case .append(let again) = machine.nextWork() else { return }
    machine.stored(again, progress(5), Self.statistics(5))
    #expect(try reply(&machine).ack == progress(5))
    machine.receive(try batch(0..<0), now: .zero)
    #expect(try reply(&machine).ack == progress(5))
    #expect(machine.nextWork() == .wait)
  }

  @Test("sends statistics at most once a second, and the last ones without a new batch")
  func statistics() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    var sent: [UInt64] = []
    for tenth in 0..<20 {
      let now = Duration.milliseconds(tenth * 100)
      let one = try batch(tenth..<tenth + 1)
      machine.receive(one, now: now)
      _ = machine.nextWork()
      machine.stored(one, progress(tenth + 1), Self.statistics(tenth + 1))
      guard case .reply(let reply) = machine.nextReply(now: now) else { return }
      if let statistics = reply.statistics { sent.append(statistics.sampleCount) }
    }
    #expect(sent == [1, 11])
    #expect(machine.tick(now: .milliseconds(1950)) == .nothing)
    #expect(machine.tick(now: .milliseconds(2000)) == .send)
    #expect(try reply(&machine, at: 2).statistics?.sampleCount == 20)
    #expect(machine.tick(now: .seconds(9)) == .nothing)
  }

  @Test("answers each heartbeat at once, in order, also while a batch is being stored")
  func heartbeats() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    _ = machine.nextWork()
    machine.receiveHeartbeat(7, now: .zero)
    machine.receiveHeartbeat(8, now: .zero)
    #expect(try reply(&machine).heartbeat == 7)
    #expect(try reply(&machine).heartbeat == 8)
    #expect(machine.nextReply(now: .zero) == .wait)
  }

  @Test("stops reading when too much is on its way")
  func backPressure() throws {
    var machine = Self.open()
    for index in 0..<ServiceLimits.batchesInFlight {
      #expect(machine.mayRead)
      machine.receive(try batch(index..<index + 1), now: .zero)
    }
    #expect(!machine.mayRead)
    #expect(!machine.isDeaf)
    guard case .append(let all) = machine.nextWork() else { return }
    machine.stored(all, progress(32), Self.statistics(32))
    #expect(machine.mayRead)
    for id in 0..<ServiceLimits.heartbeatsInFlight {
      machine.receiveHeartbeat(UInt64(id), now: .zero)
    }
    #expect(!machine.mayRead)
  }

  @Test("tells at once when another number of people watches, and only then")
  func watchers() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.setWatchers(0)
    #expect(machine.nextReply(now: .zero) == .wait)
    machine.setWatchers(2)
    #expect(try reply(&machine).watchers == 2)
  }

  @Test("settles after FINISH, sends the activity last, then ends with OK")
  func finishes() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    let last = try batch(0..<5, events: [.finish])
    machine.receive(last, now: .zero)
    #expect(machine.isDeaf)
    machine.receive(try batch(5..<6), now: .zero)
    #expect(machine.nextWork() == .append(last))
    #expect(machine.nextWork() == .wait)
    machine.stored(last, progress(5, 1), Self.statistics(5))
    #expect(machine.nextWork() == .settle)
    #expect(machine.nextWork() == .wait)
    machine.receiveHeartbeat(1, now: .zero)
    let settled = TrackReply.Settled(try Live.header(), Self.statistics(5))
    machine.settled(settled)
    let final = try reply(&machine)
    #expect(final.completed == settled)
    #expect(final.ack == progress(5, 1))
    #expect(final.statistics?.sampleCount == 5)
    #expect(machine.nextReply(now: .zero) == .end(nil))
    #expect(machine.nextWork() == .stop)
  }

  @Test("heartbeats that wait are answered before the last message")
  func heartbeatsBeforeTheEnd() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receiveHeartbeat(1, now: .zero)
    machine.receiveHeartbeat(2, now: .zero)
    machine.settled(TrackReply.Settled(try Live.header(), Self.statistics(5)))
    let first = try reply(&machine)
    #expect(first.heartbeat == 1)
    #expect(first.completed == nil)
    let second = try reply(&machine)
    #expect(second.heartbeat == 2)
    #expect(second.completed != nil)
    #expect(machine.nextReply(now: .zero) == .end(nil))
  }

  @Test("an activity that was settled before is answered and the call ends with OK")
  func openedSettled() throws {
    var machine = TrackMachine(now: .zero)
    machine.open(now: .zero)
    machine.openedSettled(
      .init(state: .completed, progress: progress(5, 1)),
      TrackReply.Settled(try Live.header(), Self.statistics(5))
    )
    let only = try reply(&machine)
    #expect(only.opened?.state == .completed)
    #expect(only.ack == progress(5, 1))
    #expect(only.completed != nil)
    #expect(machine.nextReply(now: .zero) == .end(nil))
  }

  @Test("after a bad request what was taken is stored and acknowledged, then the error ends it")
  func badRequest() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    machine.drain(RPCError(.invalidArgument, "x"))
    #expect(machine.nextReply(now: .zero) == .wait)
    guard case .append(let taken) = machine.nextWork() else { return }
    machine.stored(taken, progress(5), Self.statistics(5))
    #expect(try reply(&machine).ack == progress(5))
    #expect(machine.nextReply(now: .zero) == .end(RPCError(.invalidArgument, "x")))
  }

  @Test("when the device half-closes, all is stored and the call ends with OK")
  func halfClose() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    guard case .append(let taken) = machine.nextWork() else { return }
    machine.drain(nil)
    #expect(machine.nextReply(now: .zero) == .wait)
    machine.stored(taken, progress(5), Self.statistics(5))
    #expect(try reply(&machine).ack == progress(5))
    #expect(machine.nextReply(now: .zero) == .end(nil))
  }

  @Test("a failure ends it at once and nothing that failed is acknowledged")
  func fails() throws {
    var machine = Self.open()
    _ = try reply(&machine)
    machine.receive(try batch(0..<5), now: .zero)
    _ = machine.nextWork()
    machine.receive(try batch(5..<6), now: .zero)
    machine.fail(RPCError(.unavailable, "disk"))
    #expect(machine.nextWork() == .stop)
    #expect(machine.nextReply(now: .zero) == .end(RPCError(.unavailable, "disk")))
    machine.drain(nil)
    #expect(machine.nextReply(now: .zero) == .end(RPCError(.unavailable, "disk")))
  }

  @Test("a stream that is taken over while it opens does not open")
  func takenOverEarly() throws {
    var machine = TrackMachine(now: .zero)
    machine.open(now: .zero)
    machine.fail(RPCError(.aborted, "x"))
    machine.opened(
      .init(state: .recording, progress: progress(0)),
      Statistics(),
      watchers: 0,
      now: .zero
    )
    #expect(machine.nextReply(now: .zero) == .end(RPCError(.aborted, "x")))
  }

  @Test("silence ends it: before open, and after, but not while batches or heartbeats come")
  func idle() throws {
    let timeout = ServiceLimits.trackIdleTimeout
    var silent = TrackMachine(now: .zero)
    #expect(silent.tick(now: timeout) == .nothing)
    #expect(silent.tick(now: timeout + .seconds(1)) == .abandon)
    guard case .end(let error?) = silent.nextReply(now: timeout) else {
      Issue.record("not ended")
      return
    }
    #expect(error.code == .unavailable)

    var machine = Self.open()
    _ = try reply(&machine)
    machine.receiveHeartbeat(1, now: timeout)
    _ = try reply(&machine)
    #expect(machine.tick(now: timeout * 2) == .nothing)
    machine.receive(try batch(0..<1), now: timeout * 2)
    #expect(machine.tick(now: timeout * 3) == .nothing)
    #expect(machine.tick(now: timeout * 3 + .seconds(1)) == .abandon)
    #expect(machine.nextWork() == .stop)
  }
}
