/// Base64 as protobuf's JSON has it (RFC 4648): written with the standard alphabet and padding, read
/// with either alphabet, with or without padding.
enum JSONBase64 {
  private static let alphabet: StaticString =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  /// Writes four characters for every three bytes begun.
  ///
  /// - Returns: how many characters there are.
  static func encode(_ bytes: UnsafeRawBufferPointer, to start: UnsafeMutableRawPointer) -> Int {
    let alphabet = unsafe alphabet.utf8Start
    var output = unsafe start
    var index = 0
    @inline(__always)
    func character(_ bits: UInt32) -> UInt32 { unsafe UInt32(alphabet[Int(bits & 0x3f)]) }
    while index &+ 3 <= bytes.count {
      let bits =
        unsafe UInt32(bytes[index]) &<< 16 | UInt32(bytes[index &+ 1]) &<< 8
        | UInt32(bytes[index &+ 2])
      let low = character(bits &>> 18) | character(bits &>> 12) &<< 8
      let high = character(bits &>> 6) &<< 16 | character(bits) &<< 24
      unsafe output.storeBytes(of: low | high, as: UInt32.self)
      unsafe output += 4
      index &+= 3
    }
    let left = bytes.count &- index
    if left > 0 {
      let second = left == 2 ? unsafe UInt32(bytes[index &+ 1]) : 0
      let bits = unsafe UInt32(bytes[index]) &<< 16 | second &<< 8
      let padding = UInt32(UInt8(ascii: "="))
      let third = left == 2 ? character(bits &>> 6) : padding
      let low = character(bits &>> 18) | character(bits &>> 12) &<< 8
      unsafe output.storeBytes(of: low | third &<< 16 | padding &<< 24, as: UInt32.self)
      unsafe output += 4
    }
    return unsafe output - start
  }

  /// Reads characters that are all of a value.
  ///
  /// - Returns: the bytes; nil when it is not base64. Bits beyond the last whole byte are ignored,
  ///   as protobuf does.
  static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    var count = text.count
    while count > 0, text.count &- count < 2, unsafe text[count &- 1] == UInt8(ascii: "=") {
      count &-= 1
    }
    if count < text.count && text.count & 3 != 0 { return nil }
    if count & 3 == 1 { return nil }
    var isValid = true
    let capacity = count &* 3 / 4 &+ 3
    let result = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, written in
      var bits: UInt32 = 0
      for index in 0..<count {
        guard let value = unsafe value(of: text[index]) else {
          isValid = false
          return
        }
        bits = bits &<< 6 | value
        switch index & 3 {
        case 1: unsafe output[written] = UInt8(truncatingIfNeeded: bits &>> 4)
        case 2: unsafe output[written] = UInt8(truncatingIfNeeded: bits &>> 2)
        case 3: unsafe output[written] = UInt8(truncatingIfNeeded: bits)
        default: continue
        }
        written &+= 1
      }
    }
    return isValid ? result : nil
  }

  @inline(__always)
  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character &- UInt8(ascii: "a") &+ 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character &- UInt8(ascii: "0") &+ 52)
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
