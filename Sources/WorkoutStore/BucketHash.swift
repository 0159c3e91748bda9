internal import WorkoutCore

/// The hash that says which bucket a key lies in.
///
/// It is part of the files' format: FNV-1a with 64 bits over the key's bytes, then the finalizer
/// of MurmurHash3, because FNV's low bits alone spread short keys badly.
enum BucketHash {
  /// Kept in the manifest; a store of another hash is refused.
  static let name = "fnv1a64-fmix64"

  /// Over the 16 bytes in order.
  static func hash(_ id: UniqueID) -> UInt64 {
    var state = offsetBasis
    for word in [id.high, id.low] {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        state = (state ^ (word >> shift & 0xFF)) &* prime
      }
    }
    return mixed(state)
  }

  /// Over the UTF-8 bytes.
  static func hash(_ text: String) -> UInt64 {
    mixed(text.utf8.reduce(offsetBasis) { ($0 ^ UInt64($1)) &* prime })
  }

  static func bucket(_ hash: UInt64, of count: Int) -> Int {
    Int(hash % UInt64(count))
  }

  // http://www.isthe.com/chongo/tech/comp/fnv/
  private static let offsetBasis: UInt64 = 0xcbf2_9ce4_8422_2325
  private static let prime: UInt64 = 0x100_0000_01b3

  /// MurmurHash3's `fmix64`: each bit of the input moves each bit of the result.
  static func mixed(_ value: UInt64) -> UInt64 {
    var value = value
    value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
    value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
    return value ^ value >> 33
  }
}
