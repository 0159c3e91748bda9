import Testing
import WorkoutCore
import WorkoutStore

@testable import WorkoutService

@Suite("live numbers")
struct LiveNumbersTests {
  private func header() throws -> ActivityHeader {
    var header = try Live.header()
    header.startedAtMs = Walk.startMs
    return header
  }

  private func batch(
    _ sequences: Range<Int>,
    device: Int = 1,
    events: [(ActivityEvent.Kind, Int)] = [],
    firstEvent: Int = 0
  ) throws -> TrackBatch {
    TrackBatch(
      activity: try Live.activity(1),
      device: try Live.device(device),
      firstSequence: UInt64(sequences.lowerBound),
      samples: Walk.samples(sequences),
      firstEventSequence: UInt64(firstEvent),
      events: events.map { ActivityEvent(type: $0, timeMs: Walk.startMs + Int64($1) * 1000) }
    )
  }

  private func stored(_ count: Int) throws -> StoredTrack {
    StoredTrack(devices: [
      .init(
        id: try Live.device(1),
        samples: Walk.samples(0..<count),
        progress: TrackProgress(nextSequence: UInt64(count))
      )
    ])
  }

  private func numbers(_ count: Int = 0) throws -> LiveNumbers {
    LiveNumbers(header: try header(), track: try stored(count), now: .zero)
  }

  @Test("batch by batch, or from the store and on: the numbers are the engine's")
  func counts() throws {
    var numbers = try numbers(100)
    for start in stride(from: 100, to: 500, by: 50) {
      _ = numbers.count(try batch(start..<start + 50))
    }
    var engine = StatisticsEngine(type: .run, startedAtMs: Walk.startMs)
    engine.add(Walk.samples(0..<500))
    #expect(numbers.statistics == engine.statistics())
    let isDue = numbers.beginRecount(now: .seconds(3600))
    #expect(!isDue)
  }

  @Test("nothing is counted or told twice")
  func repeats() throws {
    var numbers = try numbers(100)
    let told = numbers.count(try batch(50..<120))
    #expect(told.firstSequence == 100)
    #expect(told.samples == Walk.samples(100..<120))
    let again = numbers.count(try batch(50..<120))
    #expect(again.samples.isEmpty)
    #expect(numbers.statistics.sampleCount == 120)
  }

  @Test("buttons change the state, whatever batch they come with")
  func buttons() throws {
    var numbers = try numbers()
    let paused = numbers.count(try batch(0..<10, events: [(.pause, 9)]))
    #expect(paused.state == .paused)
    #expect(numbers.count(try batch(10..<12)).state == .paused)
    let resumed = numbers.count(try batch(0..<0, events: [(.resume, 12)], firstEvent: 1))
    #expect(resumed.state == .recording)
  }

  @Test("what comes late has the whole counted anew, but not at once for each batch")
  func late() throws {
    var numbers = try numbers()
    _ = numbers.count(try batch(0..<10))
    var late = try batch(10..<11)
    late.samples = Walk.samples(3..<4)
    _ = numbers.count(late)
    let begun = [4, 5].map { numbers.beginRecount(now: .seconds($0)) }
    #expect(begun == [false, true])
    var anew = LiveNumbers(header: try header(), track: try stored(11), now: .seconds(5))
    #expect(anew.includes(numbers))
    let isDue = anew.beginRecount(now: .seconds(100))
    #expect(!isDue)
  }

  @Test("a second device has the whole counted anew")
  func secondDevice() throws {
    var numbers = try numbers(10)
    _ = numbers.count(try batch(0..<10, device: 2))
    // The other stream does not count at the same time, nor does either when that came too late.
    let begun = [5, 5, 9, 10].map { numbers.beginRecount(now: .seconds($0)) }
    #expect(begun == [true, false, false, true])
  }

  @Test("numbers from the store do not replace those that have seen more")
  func includes() throws {
    var ahead = try numbers(100)
    let behind = try numbers(100)
    #expect(behind.includes(ahead))
    _ = ahead.count(try batch(100..<101))
    #expect(!behind.includes(ahead))
    #expect(ahead.includes(behind))
  }
}
