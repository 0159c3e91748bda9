import Testing
import WorkoutCore

@Suite("Statistics engine")
struct StatisticsEngineTests {
  @Test("nothing has the statistics of nothing")
  func nothing() {
    let numbers = StatisticsEngine(type: .run, startedAtMs: 5).statistics()
    var expected = Statistics()
    expected.engineVersion = StatisticsEngine.version
    #expect(numbers == expected)
  }

  @Test("a steady run: distance, times, speeds and splits by hand")
  func steadyRun() throws {
    var run = Workout()
    run.go(seconds: 900, metersPerSecond: 3, heartRate: 150)
    let numbers = run.statistics()
    #expect(numbers.sampleCount == 901)
    #expect(abs(numbers.distanceMeters - 2_700) < 0.02)
    #expect(numbers.distanceMeters == trackLength(run.samples))
    #expect(numbers.elapsedMs == 900_000)
    #expect(numbers.movingMs == 900_000)
    #expect(abs(try #require(numbers.averageSpeedMps) - 3) < 1e-4)
    #expect(abs(try #require(numbers.maxSpeedMps) - 3) < 2e-3)
    #expect(numbers.averageHeartRateBpm == 150)
    #expect(numbers.maxHeartRateBpm == 150)
    #expect(numbers.averageCadenceRpm == nil)
    #expect(numbers.minAltitudeMeters == nil)
    // 1,000 m at 3 m/s are 333,333 ms.
    #expect(numbers.splits.count == 3)
    #expect(numbers.splits.map(\.distanceMeters).dropLast() == [1_000, 1_000])
    #expect(abs(numbers.splits[2].distanceMeters - 700) < 0.02)
    for split in numbers.splits.dropLast() {
      #expect(abs(split.elapsedMs - 333_333) <= 5)
      #expect(split.movingMs == split.elapsedMs)
      #expect(abs(try #require(split.averageHeartRateBpm) - 150) < 1e-9)
    }
  }

  @Test("splits add up to the whole")
  func splitSums() {
    var run = Workout()
    run.go(seconds: 700, metersPerSecond: 3.1, heartRate: 140)
    run.go(seconds: 40, metersPerSecond: 0)
    run.go(seconds: 600, metersPerSecond: 2.7, heartRate: 155)
    for index in run.samples.indices {
      run.change(index) { $0.altitudeDm = Int32(1_000 + abs(600 - index)) }
    }
    let numbers = run.statistics()
    #expect(numbers.splits.reduce(0) { $0 + $1.elapsedMs } == numbers.elapsedMs)
    #expect(numbers.splits.reduce(0) { $0 + $1.movingMs } == numbers.movingMs)
    let meters = numbers.splits.reduce(0) { $0 + $1.distanceMeters }
    #expect(abs(meters - numbers.distanceMeters) < 1e-6)
    let ascent = numbers.splits.reduce(0) { $0 + $1.ascentMeters }
    #expect(abs(ascent - numbers.ascentMeters) < 1e-6)
    #expect(numbers.ascentMeters > 60)
  }

  @Test("what a leg over a full kilometre carries is divided where it passes it")
  func splitWithinLeg() throws {
    // Legs of 30 s and 120 m; the ninth, from 960 to 1,080 m, passes the kilometre after 10 s.
    var engine = StatisticsEngine(type: .run, startedAtMs: 0)
    for leg in 0...12 {
      let east = Int32((Double(leg) * 120 / Workout.metersPerE7).rounded())
      var sample = TrackSample(timeMs: Int64(leg) * 30_000, latitudeE7: 0, longitudeE7: east)
      sample.heartRateBpm = leg <= 8 ? 100 : 160
      engine.add(sample)
    }
    let splits = engine.statistics().splits
    try #require(splits.count == 2)
    #expect(abs(splits[0].elapsedMs - 250_000) <= 1)
    // (240 s * 100 + 10 s * 130) / 250 s, then (20 s * 130 + 90 s * 160) / 110 s
    #expect(abs(try #require(splits[0].averageHeartRateBpm) - 101.2) < 1e-3)
    #expect(abs(try #require(splits[1].averageHeartRateBpm) - 154.545_454_5) < 1e-3)
  }

  @Test("a manual pause counts as elapsed only, and the way within it not at all")
  func manualPause() throws {
    var run = Workout()
    run.go(seconds: 100, metersPerSecond: 3, heartRate: 150)
    run.go(seconds: 50, metersPerSecond: 2, heartRate: 90)
    run.go(seconds: 100, metersPerSecond: 3, heartRate: 150)
    let events = [ActivityEvent(.pause, after: 100), ActivityEvent(.resume, after: 150)]
    let numbers = run.statistics(.run, events)
    #expect(numbers.elapsedMs == 250_000)
    #expect(numbers.movingMs == 200_000)
    #expect(abs(numbers.distanceMeters - 600) < 0.05)
    // The sample at the very end of the pause has 90, the next one 150.
    // (199 s * 150 + 1 s * 120) / 200 s
    #expect(abs(try #require(numbers.averageHeartRateBpm) - 149.85) < 1e-9)
    #expect(numbers.maxHeartRateBpm == 150)
    #expect(numbers.sampleCount == 251)
  }

  @Test("samples and events of one millisecond may come in either order")
  func ties() {
    var run = Workout()
    run.go(seconds: 300, metersPerSecond: 3, heartRate: 150)
    let events = [
      ActivityEvent(.pause, after: 100), ActivityEvent(.resume, after: 150),
      ActivityEvent(.pause, after: 200), ActivityEvent(.resume, after: 200),
      ActivityEvent(.finish, after: 280),
    ]
    var samplesFirst = StatisticsEngine(type: .run, startedAtMs: Workout.startMs)
    var eventsFirst = samplesFirst
    for sample in run.samples {
      let now = events.filter { $0.timeMs == sample.timeMs }
      samplesFirst.add(sample)
      for event in now {
        samplesFirst.add(event)
        eventsFirst.add(event)
      }
      eventsFirst.add(sample)
    }
    #expect(samplesFirst.statistics() == eventsFirst.statistics())
    #expect(samplesFirst.statistics().movingMs == 230_000)
    #expect(samplesFirst.statistics().elapsedMs == 280_000)
    #expect(abs(samplesFirst.statistics().distanceMeters - 690) < 0.05)
  }

  @Test(
    "a stop counts as moving only if it is short",
    arguments: [(8, true), (10, true), (11, false), (20, false), (120, false)]
  )
  func automaticStop(seconds: Int, counts: Bool) {
    var run = Workout()
    run.go(seconds: 100, metersPerSecond: 3)
    run.go(seconds: seconds, metersPerSecond: 0)
    run.go(seconds: 100, metersPerSecond: 3)
    let numbers = run.statistics()
    let moving = 200_000 + (counts ? Int64(seconds) * 1_000 : 0)
    // A long rest ends where the athlete leaves the inner half of its radius: two seconds.
    #expect(abs(numbers.movingMs - moving) <= 2_000)
    #expect(numbers.elapsedMs == Int64(200 + seconds) * 1_000)
    #expect(abs(numbers.distanceMeters - 600) < 0.05)
  }

  @Test("riders have 15 seconds, walkers may be slower than 1 km/h")
  func typesDiffer() {
    var ride = Workout()
    ride.go(seconds: 50, metersPerSecond: 8)
    ride.go(seconds: 13, metersPerSecond: 0)
    ride.go(seconds: 50, metersPerSecond: 8)
    #expect(ride.statistics(.ride).movingMs == 113_000)
    #expect(ride.statistics(.run).movingMs == 100_000)
    var scramble = Workout()
    scramble.go(seconds: 600, metersPerSecond: 0.15)
    // The last ten metres, 67 s, are a rest as long as nothing comes after.
    #expect(scramble.statistics(.hike).movingMs >= 600_000 - 67_000)
    #expect(scramble.statistics(.run).movingMs < 60_000)
  }

  @Test("ten minutes at rest with a wandering receiver are no run", arguments: 0..<6)
  func rest(seed: UInt64) {
    // Autocorrelated noise of 3 m and 21 s on each axis, which adds up to about 690 m.
    var generator = SeededGenerator(seed: seed)
    var noise = (north: 0.0, east: 0.0)
    let samples = (0..<600).map { second in
      noise.north = noise.north * 0.9535 + 0.904 * Self.normal(&generator)
      noise.east = noise.east * 0.9535 + 0.904 * Self.normal(&generator)
      return TrackSample(
        timeMs: Workout.startMs + Int64(second) * 1_000,
        latitudeE7: Int32(noise.north / Workout.metersPerE7),
        longitudeE7: Int32(noise.east / Workout.metersPerE7)
      )
    }
    var engine = StatisticsEngine(type: .run, startedAtMs: Workout.startMs)
    engine.add(samples)
    let raw = trackLength(samples)
    #expect(raw > 500)
    #expect(engine.statistics().distanceMeters < raw / 4)
    #expect(engine.statistics().movingMs < 200_000)
  }

  @Test("a single wild fix changes nothing else")
  func spike() {
    var run = Workout()
    run.go(seconds: 300, metersPerSecond: 3)
    let clean = run.statistics()
    run.change(150) { $0.position?.latitudeE7 = 30_000 }
    let spiked = run.statistics()
    #expect(trackLength(run.samples) > 900 + 600)
    #expect(abs(spiked.distanceMeters - clean.distanceMeters) < 0.01)
    #expect(spiked.movingMs == clean.movingMs)
    #expect(spiked.sampleCount == 301)
  }

  @Test("a wrong first fix is dropped, the way after it kept")
  func wrongStart() {
    var run = Workout()
    run.go(seconds: 100, metersPerSecond: 3)
    run.change(0) { $0.position?.latitudeE7 = 5_000_000 }
    // All but the first leg remains.
    #expect(abs(run.statistics().distanceMeters - 297) < 0.05)
  }

  @Test("where the receiver finds itself elsewhere for good, the jump is no way")
  func jump() {
    var walk = Workout()
    walk.go(seconds: 301, metersPerSecond: 1.5)
    for index in 152...301 {
      walk.change(index) { $0.position?.latitudeE7 = 9_000_000 }
    }
    // 151 legs before, 149 after, and none between.
    #expect(abs(walk.statistics().distanceMeters - 450) < 0.05)
  }

  @Test("twenty samples a second at a stroll lose nothing of the way")
  func highRate() {
    var engine = StatisticsEngine(type: .walk, startedAtMs: 0)
    // 0.4 m/s: 25 s and 500 legs within the radius of rest.
    let samples = (0...4_000).map { index in
      TrackSample(
        timeMs: Int64(index) * 50,
        latitudeE7: 0,
        longitudeE7: Int32((Double(index) * 0.02 / Workout.metersPerE7).rounded())
      )
    }
    engine.add(samples)
    #expect(abs(engine.statistics().distanceMeters - 80) < 0.05)
    #expect(engine.statistics().movingMs == 200_000)
  }

  @Test("a first sample before the start is the start")
  func earlyStart() {
    var run = Workout()
    run.go(seconds: 400, metersPerSecond: 3)
    var engine = StatisticsEngine(type: .run, startedAtMs: Workout.startMs + 700)
    engine.add(run.samples)
    #expect(engine.lateCount == 0)
    #expect(engine.statistics() == run.statistics())
  }

  @Test("fixes that the device does not trust are left out")
  func accuracy() {
    var run = Workout()
    run.go(seconds: 300, metersPerSecond: 3)
    for index in 100..<110 {
      run.change(index) {
        $0.position?.latitudeE7 += 700
        $0.horizontalAccuracyDm = 501
      }
    }
    #expect(abs(run.statistics().distanceMeters - 900) < 0.05)
  }

  @Test("the fastest speed is one that was kept for ten seconds")
  func sustainedSpeed() throws {
    var run = Workout()
    run.go(seconds: 60, metersPerSecond: 3)
    run.go(seconds: 5, metersPerSecond: 6)
    run.go(seconds: 60, metersPerSecond: 3)
    // Five seconds at 6 and five at 3 m/s.
    #expect(abs(try #require(run.statistics().maxSpeedMps) - 4.5) < 0.01)
    var short = Workout()
    short.go(seconds: 9, metersPerSecond: 3)
    #expect(short.statistics().maxSpeedMps == nil)
  }

  @Test("the heart's mean is over time, not over samples")
  func heartRate() throws {
    // 10 s from 100 to 100, 30 s of a 90 s gap from 100 to 160, 20 s at 160.
    var engine = StatisticsEngine(type: .run, startedAtMs: 0)
    for (second, bpm) in [(0, 100), (10, 100), (100, 160), (101, 160), (120, 160)] {
      var sample = TrackSample(timeMs: Int64(second) * 1_000)
      sample.heartRateBpm = UInt16(bpm)
      sample.cadenceRpm = second == 10 ? 0 : 80
      engine.add(sample)
    }
    let numbers = engine.statistics()
    // (100 * 10 + 130 * 30 + 160 * 20) / 60 s
    let expected = 135.0
    #expect(abs(try #require(numbers.averageHeartRateBpm) - expected) < 1e-9)
    #expect(numbers.maxHeartRateBpm == 160)
    #expect(numbers.averageCadenceRpm == 80)
    #expect(numbers.elapsedMs == 120_000)
    #expect(numbers.splits.isEmpty)
  }

  @Test("input that comes late is counted and has no part")
  func late() {
    var run = Workout()
    run.go(seconds: 100, metersPerSecond: 3)
    var engine = run.engine()
    let before = engine.statistics()
    engine.add(run.samples[40])
    #expect(engine.lateCount == 1)
    var after = engine.statistics()
    #expect(after.sampleCount == 102)
    after.sampleCount = before.sampleCount
    #expect(after == before)
  }

  @Test("what comes after the end has no part")
  func finished() {
    var run = Workout()
    run.go(seconds: 100, metersPerSecond: 3)
    let numbers = run.statistics(.run, [ActivityEvent(.finish, after: 60)])
    #expect(numbers.elapsedMs == 60_000)
    #expect(abs(numbers.distanceMeters - 180) < 0.01)
  }

  @Test("numbers of a moment do not depend on whether they were asked for before")
  func askingChangesNothing() {
    var run = Workout()
    run.go(seconds: 200, metersPerSecond: 3)
    run.go(seconds: 100, metersPerSecond: 0)
    run.go(seconds: 200, metersPerSecond: 3)
    var asked = StatisticsEngine(type: .run, startedAtMs: Workout.startMs)
    for sample in run.samples {
      asked.add(sample)
      _ = asked.statistics()
    }
    #expect(asked.statistics() == run.statistics())
  }

  @Test("any samples at all give finite numbers and bounded splits", arguments: 0..<10)
  func anything(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let type = ActivityType.allCases[Int(seed) % ActivityType.allCases.count]
    var engine = StatisticsEngine(type: type, startedAtMs: .max)
    var time: Int64 = seed % 2 == 0 ? .min : 0
    for _ in 0..<2_000 {
      var sample = TrackSample.arbitrary(using: &generator)
      if generator.chance(oneIn: 50) { time = Int64.random(in: .min ... .max, using: &generator) }
      time = time.addingReportingOverflow(Int64.random(in: 0...9_999, using: &generator)).0
      sample.timeMs = time
      engine.add(sample)
    }
    let numbers = engine.statistics()
    #expect(numbers.distanceMeters.isFinite && numbers.distanceMeters >= 0)
    #expect(numbers.movingMs >= 0 && numbers.movingMs <= numbers.elapsedMs)
    #expect(numbers.splits.count <= CoreLimits.maxSplits)
    #expect(numbers.ascentMeters.isFinite)
  }

  @Test("times beyond their range have no part")
  func impossibleTimes() {
    var engine = StatisticsEngine(type: .run, startedAtMs: 0)
    engine.add(TrackSample(timeMs: 0, latitudeE7: 0, longitudeE7: 0))
    let before = engine.statistics()
    for time in [Int64.min, -1, CoreLimits.timeMs.upperBound + 1, .max] {
      engine.add(TrackSample(timeMs: time, latitudeE7: 0, longitudeE7: 89_831))
      engine.add(ActivityEvent(type: .finish, timeMs: time))
    }
    #expect(engine.lateCount == 4)
    #expect(engine.statistics().elapsedMs == before.elapsedMs)
    #expect(engine.statistics().distanceMeters == 0)
  }

  @Test("one leg around the world makes no more splits than the limit")
  func longLeg() {
    var engine = StatisticsEngine(type: .other, startedAtMs: 0)
    engine.add(TrackSample(timeMs: 0, latitudeE7: 0, longitudeE7: 0))
    engine.add(TrackSample(timeMs: 86_400_000, latitudeE7: 0, longitudeE7: 1_700_000_000))
    let numbers = engine.statistics()
    #expect(numbers.splits.count == CoreLimits.maxSplits)
    let sum = numbers.splits.reduce(0) { $0 + $1.distanceMeters }
    #expect(abs(sum - numbers.distanceMeters) < 1e-3)
    #expect(numbers.splits.reduce(0) { $0 + $1.elapsedMs } == 86_400_000)
  }

  private static func normal(_ generator: inout SeededGenerator) -> Double {
    // Twelve uniform deviates: near enough to normal.
    (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
  }
}
