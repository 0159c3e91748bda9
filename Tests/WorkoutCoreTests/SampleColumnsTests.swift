import Testing
import WorkoutCore

@Suite("Sample columns")
struct SampleColumnsTests {
  @Test("a sample takes 32 bytes")
  func size() {
    #expect(MemoryLayout<TrackSample>.stride == 32)
  }

  @Test("time and position are second differences, sensors first differences")
  func documentedForm() throws {
    // By hand: times 1000 2000 3000 4500 step by 1000 1000 1500.
    var samples = [1_000, 2_000, 3_000, 4_500].map { TrackSample(timeMs: $0) }
    samples[0].position = Position(latitudeE7: 100, longitudeE7: -50)
    samples[2].position = Position(latitudeE7: 110, longitudeE7: -45)
    samples[3].position = Position(latitudeE7: 125, longitudeE7: -50)
    samples[1].heartRateBpm = 120
    samples[3].heartRateBpm = 117
    for index in samples.indices { samples[index].altitudeDm = Int32(3_000 - index * 2) }

    let columns = SampleColumns(encoding: samples)
    #expect(columns.count == 4)
    #expect(columns.timeMs == [1_000, 1_000, 0, 500])
    #expect(columns.positionPresence == [0b1101])
    #expect(columns.latitudeE7 == [100, 10, 5])
    #expect(columns.longitudeE7 == [-50, 5, -10])
    #expect(columns.heartRateBpm == SensorColumn(presence: [0b1010], values: [120, -3]))
    #expect(columns.altitudeDm == SensorColumn(presence: [], values: [3_000, -2, -2, -2]))
    #expect(columns.powerWatts == nil)
    #expect(try columns.samples() == samples)
  }

  @Test("no samples and one sample have columns too")
  func smallest() throws {
    #expect(try SampleColumns(encoding: []).samples().isEmpty)
    #expect(SampleColumns(encoding: []) == SampleColumns())
    let one = TrackSample(timeMs: 7, latitudeE7: -900_000_000, longitudeE7: 1_800_000_000)
    #expect(try SampleColumns(encoding: [one]).samples() == [one])
  }

  @Test("a step over the antimeridian comes back")
  func antimeridian() throws {
    let samples = [1_799_999_990, -1_799_999_990, 1_800_000_000, -1_800_000_000].enumerated().map {
      TrackSample(timeMs: Int64($0.offset), latitudeE7: 0, longitudeE7: $0.element)
    }
    #expect(try SampleColumns(encoding: samples).samples() == samples)
  }

  @Test("any valid samples come back", arguments: 0..<40)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let count = Int.random(in: 0...130, using: &generator)
    let samples = (0..<count).map { _ in TrackSample.arbitrary(using: &generator) }
    #expect(try SampleColumns(encoding: samples).samples() == samples)
    #expect(try SampleColumns(encoding: samples[...]).samples() == samples)
    #expect(try TrackDecoder.decode(TrackEncoder.encode(samples)) == samples)
  }

  @Test("values at the ends of their ranges pass and one beyond is refused with its place")
  func ranges() throws {
    func refusal(_ change: (inout TrackSample) -> Void) -> TrackError? {
      var samples = [TrackSample](repeating: TrackSample(timeMs: 1), count: 3)
      change(&samples[1])
      do {
        _ = try SampleColumns(encoding: samples).samples()
        #expect(samples[1].isValid)
        return nil
      } catch {
        #expect(!samples[1].isValid)
        return error
      }
    }
    #expect(refusal { $0.heartRateBpm = 1 } == nil)
    #expect(refusal { $0.heartRateBpm = 300 } == nil)
    for rate: UInt16 in [0, 301, .max] {
      let error = try #require(refusal { $0.heartRateBpm = rate })
      #expect(error.column == .heartRateBpm)
      #expect(error.index == 1)
      #expect(error.reason == .outOfRange(Int64(rate), 1...300))
      #expect(error.description == "heart_rate_bpm[1]: \(rate) is not in 1...300")
    }
    let place: (Int32, Int32) -> TrackError? = { latitude, longitude in
      refusal { $0.position = Position(latitudeE7: latitude, longitudeE7: longitude) }
    }
    #expect(place(900_000_000, -1_800_000_000) == nil)
    #expect(place(900_000_001, 0)?.column == .latitudeE7)
    #expect(place(0, -1_800_000_001)?.column == .longitudeE7)
    #expect(refusal { $0.timeMs = CoreLimits.timeMs.upperBound } == nil)
    #expect(refusal { $0.timeMs = CoreLimits.timeMs.upperBound + 1 }?.column == .timeMs)
    #expect(refusal { $0.timeMs = -1 }?.column == .timeMs)
    #expect(refusal { $0.altitudeDm = .max }?.column == .altitudeDm)
    #expect(refusal { $0.cadenceRpm = 1_001 }?.column == .cadenceRpm)
    #expect(refusal { $0.speedCmps = .max }?.column == .speedCmps)
    #expect(refusal { $0.horizontalAccuracyDm = .max }?.column == .horizontalAccuracyDm)
    #expect(refusal { $0.powerWatts = 10_001 }?.column == .powerWatts)
    #expect(refusal { $0.temperatureDecicelsius = -1_001 }?.column == .temperatureDecicelsius)
  }

  @Test("clearing a value leaves a sample equal to one that never had it")
  func clearing() {
    var sample = TrackSample.run(count: 1, seed: 1)[0]
    sample.position = nil
    sample.altitudeDm = nil
    sample.heartRateBpm = nil
    sample.cadenceRpm = nil
    #expect(sample == TrackSample(timeMs: sample.timeMs))
  }

  @Test("negative altitudes live beside the presence bits")
  func negativeAltitude() {
    var sample = TrackSample(timeMs: 0, latitudeE7: -1, longitudeE7: -1)
    sample.altitudeDm = -4_305
    sample.powerWatts = 250
    #expect(sample.altitudeDm == -4_305)
    #expect(sample.position == Position(latitudeE7: -1, longitudeE7: -1))
    #expect(sample.powerWatts == 250)
    #expect(sample.temperatureDecicelsius == nil)
  }
}
