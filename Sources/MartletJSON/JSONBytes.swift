/// Eight bytes of text at once.
enum JSONBytes {
  /// Marks the high bit of the first quote, backslash or control character, and of some bytes
  /// behind it: only the lowest mark tells.
  @inline(__always)
  static func specials(in word: UInt64) -> UInt64 {
    let quote = word ^ 0x2222_2222_2222_2222
    let backslash = word ^ 0x5c5c_5c5c_5c5c_5c5c
    let quotes = (quote &- 0x0101_0101_0101_0101) & ~quote
    let backslashes = (backslash &- 0x0101_0101_0101_0101) & ~backslash
    let controls = (word &- 0x2020_2020_2020_2020) & ~word
    return (quotes | backslashes | controls) & 0x8080_8080_8080_8080
  }
}
