import Testing
import WorkoutCore

@Suite("Geodesic")
struct GeodesicTests {
  @Test("distances agree with geographiclib within 1e-8, or half a millimetre")
  func expectations() {
    for row in geodesicExpectations {
      let one = Position(latitudeE7: row.latitude1, longitudeE7: row.longitude1)
      let other = Position(latitudeE7: row.latitude2, longitudeE7: row.longitude2)
      let bound = row.meters < 20_000 ? max(1e-8 * row.meters, 1e-8) : 1e-3
      let there = Geodesic.distanceMeters(from: one, to: other)
      #expect(abs(there - row.meters) <= bound, "\(row): \(there)")
      // Mirrored at the equator, and the other way round.
      let back = Geodesic.distanceMeters(from: other, to: one)
      #expect(abs(back - row.meters) <= bound, "\(row) back: \(back)")
      let mirrored = Geodesic.distanceMeters(
        from: Position(latitudeE7: -row.latitude1, longitudeE7: -row.longitude1),
        to: Position(latitudeE7: -row.latitude2, longitudeE7: -row.longitude2)
      )
      #expect(abs(mirrored - row.meters) <= bound, "\(row) mirrored: \(mirrored)")
    }
  }

  @Test("the two formulas meet where one hands over to the other")
  func handOver() {
    for latitude in stride(from: Int32(-890_000_000), through: 890_000_000, by: 44_500_000) {
      let start = Position(latitudeE7: latitude, longitudeE7: 0)
      let near = Geodesic.distanceMeters(
        from: start,
        to: Position(latitudeE7: latitude + 500_000, longitudeE7: 1_000_000)
      )
      let far = Geodesic.distanceMeters(
        from: start,
        to: Position(latitudeE7: latitude + 500_000, longitudeE7: 1_000_001)
      )
      // One unit of longitude is 11 mm or less.
      #expect(far > near && far - near < 0.0125)
    }
  }

  @Test("any two positions have a finite distance, the same both ways")
  func anyPositions() {
    var generator = SeededGenerator(seed: 2)
    func any() -> Position {
      Position(
        latitudeE7: Int32.random(in: CoreLimits.latitudeE7, using: &generator),
        longitudeE7: Int32.random(in: CoreLimits.longitudeE7, using: &generator)
      )
    }
    for _ in 0..<3_000 {
      let start = any()
      var end = any()
      if generator.chance(oneIn: 2) {
        // Within 11 km of the antipode, where iterations struggle.
        end.latitudeE7 = -start.latitudeE7 / 1_000_000 * 1_000_000
        end.longitudeE7 =
          start.longitudeE7 > 0
          ? start.longitudeE7 - 1_799_500_000 : start.longitudeE7 + 1_799_500_000
      }
      let there = Geodesic.distanceMeters(from: start, to: end)
      #expect(there >= 0 && there <= 20_003_931.46)
      #expect(abs(there - Geodesic.distanceMeters(from: end, to: start)) < 1e-3)
      #expect(Geodesic.distanceMeters(from: start, to: start) == 0)
    }
  }

  @Test("the length of a track is the sum over those samples that have a position")
  func length() {
    // Along the equator 0.001 degrees are 111.319490793 m.
    var samples = (0...10).map {
      TrackSample(timeMs: Int64($0), latitudeE7: 0, longitudeE7: Int32($0) * 10_000)
    }
    samples.insert(TrackSample(timeMs: 3), at: 4)
    #expect(abs(trackLength(samples) - 1_113.194_907_93) < 1e-7)
    #expect(trackLength(samples.prefix(1)) == 0)
    #expect(trackLength([]) == 0)
  }
}
