import Testing
import WorkoutCore

@Suite("Track")
struct TrackTests {
  struct Piece {
    var samples: ArraySlice<TrackSample> = []
    var events: ArraySlice<ActivityEvent> = []
    var device: DeviceID
  }

  static let phone = DeviceID(UniqueID.version7(timeMs: 1, using: &generator))
  static let watch = DeviceID(UniqueID.version7(timeMs: 2, using: &generator))
  private static var generator: SeededGenerator {
    get { SeededGenerator(seed: 99) }
    set {}
  }

  /// Two devices' samples and events in pieces, each repeated now and then, in any order.
  static func pieces(seed: UInt64) -> [Piece] {
    var generator = SeededGenerator(seed: seed)
    let run = TrackSample.run(count: 300, seed: seed)
    let second = TrackSample.run(count: 120, startMs: 1_700_000_250_300, seed: seed + 1)
    let events = [
      ActivityEvent(.pause, after: 60), ActivityEvent(.resume, after: 90),
      ActivityEvent(.lap, after: 200), ActivityEvent(.finish, after: 350),
    ]
    var pieces: [Piece] = []
    for (samples, device) in [(run, phone), (second, watch)] {
      var start = 0
      while start < samples.count {
        let end = min(samples.count, start + Int.random(in: 1...40, using: &generator))
        pieces.append(Piece(samples: samples[start..<end], device: device))
        if generator.chance(oneIn: 3) {
          let from = max(0, start - 10)
          pieces.append(Piece(samples: samples[from..<end], device: device))
        }
        start = end
      }
    }
    for index in events.indices {
      pieces.append(Piece(events: events[index...index], device: phone))
    }
    return pieces
  }

  static func track(_ pieces: [Piece]) -> Track {
    pieces.reduce(into: Track()) { track, piece in
      track.add(
        piece.samples,
        device: piece.device,
        firstSequence: UInt64(piece.samples.startIndex)
      )
      track.add(piece.events, device: piece.device, firstSequence: UInt64(piece.events.startIndex))
    }
  }

  @Test("any order of arrival and any repetition give the same track", arguments: 0..<25)
  func anyOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let pieces = Self.pieces(seed: seed)
    let expected = Self.track(pieces)
    #expect(expected.samples.count == 420)
    let shuffled = Self.track(pieces.shuffled(using: &generator) + pieces.prefix(5))
    #expect(shuffled == expected)
    #expect(
      shuffled.statistics(type: .run, startedAtMs: Workout.startMs)
        == expected.statistics(type: .run, startedAtMs: Workout.startMs)
    )
  }

  @Test("merging is commutative, associative and idempotent", arguments: 0..<25)
  func merging(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let pieces = Self.pieces(seed: seed)
    let parts = (0..<3).map { _ in
      Self.track(pieces.filter { _ in generator.chance(oneIn: 2) })
    }
    func merged(_ one: Track, _ other: Track) -> Track {
      var one = one
      one.merge(other)
      return one
    }
    #expect(merged(parts[0], parts[1]) == merged(parts[1], parts[0]))
    #expect(
      merged(merged(parts[0], parts[1]), parts[2]) == merged(parts[0], merged(parts[1], parts[2]))
    )
    #expect(merged(parts[0], parts[0]) == parts[0])
    #expect(merged(parts[0], Track()) == parts[0])
  }

  @Test("two samples under one number: the later one stays, whichever came first")
  func conflict() {
    let early = TrackSample(timeMs: 10, latitudeE7: 1, longitudeE7: 1)
    let late = TrackSample(timeMs: 20)
    var twin = late
    twin.heartRateBpm = 99
    for order in [[early, late, twin], [twin, late, early], [late, twin, early]] {
      var track = Track()
      for sample in order { track.add([sample], device: Self.phone, firstSequence: 4) }
      #expect(track.samples.sorted().map(\.element) == [twin])
    }
  }

  @Test("the engine fed in order has the numbers of the track computed anew")
  func incrementalEqualsWhole() {
    let run = TrackSample.run(count: 2_000, seed: 4)
    let events = [ActivityEvent(.pause, after: 300), ActivityEvent(.resume, after: 420)]
    var engine = StatisticsEngine(type: .run, startedAtMs: Workout.startMs)
    for (second, sample) in run.enumerated() {
      engine.add(sample)
      for event in events where event.timeMs == Workout.startMs + Int64(second) * 1_000 {
        engine.add(event)
      }
    }
    var track = Track()
    track.add(run, device: Self.phone, firstSequence: 0)
    track.add(events, device: Self.phone, firstSequence: 0)
    #expect(engine.lateCount == 0)
    #expect(
      track.statistics(type: .run, startedAtMs: Workout.startMs) == engine.statistics()
    )
  }

  @Test("a second device is followed only where the first is silent")
  func handOver() {
    let phone = TrackSample.run(count: 100, seed: 1)
    let watch = TrackSample.run(count: 200, startMs: Workout.startMs + 500, seed: 2)
    var track = Track()
    track.add(watch, device: Self.watch, firstSequence: 0)
    track.add(phone, device: Self.phone, firstSequence: 0)
    let way = track.way()
    #expect(Array(way.prefix(100)) == phone)
    // The phone's last sample is at 99 s; the watch's first more than ten later is at 109.5 s.
    #expect(Array(way.dropFirst(100)) == Array(watch[109...]))
  }

  @Test("numbers beyond the last sequence there is are left out")
  func lastSequence() {
    var track = Track()
    let run = TrackSample.run(count: 3, seed: 1)
    track.add(run, device: Self.phone, firstSequence: .max - 1)
    #expect(track.samples.count == 2)
  }
}
