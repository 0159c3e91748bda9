// Zigzag, and eight bytes of a varint packed and unpacked at once. Little-endian hosts only, as
// are all that Swift runs on.

/// Undoes `zigzag`: 0, 1, 2, 3 become 0, -1, 1, -2.
@inlinable
@inline(__always)
func unzigzag(_ value: UInt32) -> Int32 {
  Int32(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
}

@inlinable
@inline(__always)
func unzigzag(_ value: UInt64) -> Int64 {
  Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
}

/// Makes small numbers of either sign small: 0, -1, 1, -2 become 0, 1, 2, 3.
@inlinable
@inline(__always)
func zigzag(_ value: Int32) -> UInt32 {
  UInt32(bitPattern: (value &<< 1) ^ (value &>> 31))
}

@inlinable
@inline(__always)
func zigzag(_ value: Int64) -> UInt64 {
  UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
}

/// The high bit of each byte of a word: set in every byte of a varint but its last.
@inlinable var continuationBits: UInt64 {
  @inline(__always) get { 0x8080_8080_8080_8080 }
}

/// The low seven bits of each of eight bytes, first byte lowest, as one number.
///
/// Two fields move together by subtracting what the upper one is too high: sevens to fourteens, to
/// twenty-eights, to the whole.
@inlinable
@inline(__always)
func joinSevens(_ word: UInt64) -> UInt64 {
  var x = word & 0x7f7f_7f7f_7f7f_7f7f
  x &-= (x &>> 1) & 0x3f80_3f80_3f80_3f80
  x &-= ((x &>> 2) & 0x0fff_c000_0fff_c000) &* 3
  return (x & 0xffff_ffff) | ((x &>> 32) &<< 28)
}

/// The low 28 bits of a number as sevens in four bytes, lowest first.
@inlinable
@inline(__always)
func spreadSevens(_ value: UInt32) -> UInt32 {
  let fourteens = value & 0x3fff | (value &<< 2) & 0x3fff_0000
  return fourteens & 0x007f_007f | (fourteens &<< 1) & 0x7f00_7f00
}

/// The length of a value as a varint, 1 to 10 bytes.
@inlinable
@inline(__always)
func varintLength(_ value: UInt64) -> Int {
  ((64 &- (value | 1).leadingZeroBitCount) &* 9 &+ 64) &>> 6
}
