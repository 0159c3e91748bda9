package import WorkoutCore

/// SplitMix64: small, and the same on every machine.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// The sample that a device has at a sequence: the same whoever asks.
package func sample(_ sequence: UInt64, from startMs: Int64 = 1_700_000_000_000) -> TrackSample {
  let step = Int32(sequence)
  var sample = TrackSample(
    timeMs: startMs + Int64(sequence) * 1_000,
    latitudeE7: 460_000_000 + step * 270,
    longitudeE7: 145_000_000 - step * 130
  )
  sample.altitudeDm = 3_000 + step % 40
  sample.heartRateBpm = UInt16(120 + step % 30)
  return sample
}

package func samples(_ range: Range<UInt64>) -> [TrackSample] { range.map { sample($0) } }
