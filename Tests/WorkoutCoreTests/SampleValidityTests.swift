import Testing
import WorkoutCore

@Suite("Valid samples")
struct SampleValidityTests {
  @Test("a sample is valid exactly when its columns can be read back")
  func agreesWithTheCodec() {
    var random = SystemRandomNumberGenerator()
    var valid = 0
    for _ in 0..<20_000 {
      let sample = randomSample(&random)
      let columns = SampleColumns(encoding: [sample])
      let isRead = (try? columns.samples(limit: 1)) == [sample]
      #expect(sample.isValid == isRead, "\(sample)")
      valid += isRead ? 1 : 0
    }
    #expect((1_000...19_000).contains(valid))
  }

  /// At most one value lies outside of its range.
  private func randomSample(_ random: inout SystemRandomNumberGenerator) -> TrackSample {
    var sample = TrackSample(timeMs: 0, latitudeE7: 900_000_000, longitudeE7: -1_800_000_000)
    switch Int.random(in: 0...9, using: &random) {
    case 0: sample.timeMs = Bool.random() ? -1 : 253_402_300_799_999 + Int64.random(in: 0...1)
    case 1: sample.position = Position(latitudeE7: .random(in: .min ... .max), longitudeE7: 0)
    case 2: sample.position = Position(latitudeE7: 0, longitudeE7: .random(in: .min ... .max))
    case 3: sample.altitudeDm = .random(in: -200_000...2_000_000)
    case 4: sample.heartRateBpm = .random(in: 0...600)
    case 5: sample.cadenceRpm = .random(in: 0...2_000)
    case 6: sample.speedCmps = .random(in: 0 ... .max)
    case 7: sample.horizontalAccuracyDm = .random(in: 0 ... .max)
    case 8: sample.powerWatts = .random(in: 0...20_000)
    default: sample.temperatureDecicelsius = .random(in: -2_000...2_000)
    }
    return sample
  }
}
