import Testing
import WorkoutCore

@Suite("Climb")
struct ClimbTests {
  /// Statistics of altitudes, one a second.
  private func numbers(_ altitudesDm: [Int32]) -> Statistics {
    var engine = StatisticsEngine(type: .run, startedAtMs: 0)
    for (second, altitude) in altitudesDm.enumerated() {
      var sample = TrackSample(timeMs: Int64(second) * 1_000)
      sample.altitudeDm = altitude
      engine.add(sample)
    }
    return engine.statistics()
  }

  /// From one altitude to another at 0.5 m/s, then a while there.
  private func ramp(_ from: Int32, _ to: Int32) -> [Int32] {
    let way = stride(from: from, to: to, by: to > from ? 5 : -5)
    return Array(way) + [Int32](repeating: to, count: 60)
  }

  @Test("hills count whole, up and down")
  func hills() {
    let two = numbers(ramp(1_000, 1_400) + ramp(1_400, 1_100) + ramp(1_100, 1_300))
    #expect(abs(two.ascentMeters - 60) < 0.1)
    #expect(abs(two.descentMeters - 30) < 0.1)
    #expect(two.minAltitudeMeters == 100)
    #expect(two.maxAltitudeMeters == 140)
  }

  @Test("waves below the hysteresis do not count, those above do")
  func waves() {
    let small = (0..<20).flatMap { _ in ramp(1_000, 1_025) + ramp(1_025, 1_000) }
    #expect(numbers(small).ascentMeters == 0)
    #expect(numbers(small).descentMeters == 0)
    let large = (0..<20).flatMap { _ in ramp(1_000, 1_035) + ramp(1_035, 1_000) }
    #expect(abs(numbers(large).ascentMeters - 70) < 0.5)
  }

  @Test("a glitch of the altimeter is no climb, nor is setting it anew")
  func glitches() {
    var glitch = [Int32](repeating: 550, count: 100)
    glitch[50] = 1_424
    glitch[51] = 1_424
    #expect(numbers(glitch).ascentMeters == 0)
    #expect(numbers(glitch).maxAltitudeMeters == 55)
    let anew = [Int32](repeating: 550, count: 100) + [Int32](repeating: 950, count: 100)
    #expect(numbers(anew).ascentMeters == 0)
    #expect(numbers(anew).maxAltitudeMeters == 95)
  }
}
