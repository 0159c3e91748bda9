import Glibc

/// SplitMix64 (Steele, Lea, Flood 2014): a run can be repeated from its seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension SeededGenerator {
  /// `MARTLET_SEED`: the seed to repeat a failed run from; nil for a fresh one.
  static func chosenSeed() -> UInt64? { variable("MARTLET_SEED") }

  /// `MARTLET_ROUNDS`: how many seeds to run.
  static func chosenRounds(standard: UInt64) -> UInt64 { variable("MARTLET_ROUNDS") ?? standard }

  private static func variable(_ name: String) -> UInt64? {
    getenv(name).flatMap { UInt64(String(cString: $0)) }
  }
}
