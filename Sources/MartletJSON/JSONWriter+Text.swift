// Strings and base64.

extension JSONWriter {
  /// Writes a `string`.
  public mutating func value(_ value: String) {
    let isDone: Void? = unsafe value.utf8.withContiguousStorageIfAvailable { bytes in
      unsafe quoted(UnsafeRawBufferPointer(bytes))
    }
    if isDone == nil { quotedCopy(value) }
  }

  /// A string that is not stored as UTF-8 in one piece.
  private mutating func quotedCopy(_ text: String) {
    unsafe Array(text.utf8).withUnsafeBytes { bytes in unsafe quoted(bytes) }
  }

  /// Copies a word at a time as long as nothing has to be escaped: quotes, backslashes and control
  /// characters alone, as RFC 8259 section 7 asks.
  private mutating func quoted(_ bytes: UnsafeRawBufferPointer) {
    let count = bytes.count
    reserve(count)
    byte("\"")
    var done = 0
    if count >= 8, let source = bytes.baseAddress {
      // The last word overlaps the one before it.
      let lastWord = count &- 8
      while true {
        let word = unsafe source.loadUnaligned(fromByteOffset: done, as: UInt64.self)
        unsafe position.storeBytes(of: word, toByteOffset: done, as: UInt64.self)
        let marks = JSONBytes.specials(in: word)
        if marks != 0 {
          done &+= marks.trailingZeroBitCount &>> 3
          break
        }
        if done == lastWord {
          done = count
          break
        }
        done = min(done &+ 8, lastWord)
      }
    }
    unsafe position += done
    if done < count { unsafe escape(UnsafeRawBufferPointer(rebasing: bytes[done...])) }
    byte("\"")
  }

  /// The rest of a string, a byte at a time; leaves room for the quote.
  private mutating func escape(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    for index in 0..<bytes.count {
      let byte = unsafe bytes[index]
      if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
        store(byte)
      } else {
        escape(byte)
        // What the escape took beyond its byte.
        reserve(bytes.count)
      }
    }
  }

  private mutating func escape(_ byte: UInt8) {
    store(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): store(byte)
    case 0x08: store(UInt8(ascii: "b"))
    case 0x09: store(UInt8(ascii: "t"))
    case 0x0a: store(UInt8(ascii: "n"))
    case 0x0c: store(UInt8(ascii: "f"))
    case 0x0d: store(UInt8(ascii: "r"))
    default:
      store(UInt32(littleEndian: 0x3030_3075))
      unsafe position -= 1
      store(UInt8(ascii: "0") &+ byte &>> 4)
      let low = byte & 0xf
      store(low < 10 ? UInt8(ascii: "0") &+ low : UInt8(ascii: "a") &+ low &- 10)
    }
  }

  /// Writes `bytes` in base64, standard alphabet, with padding.
  public mutating func value(_ value: [UInt8]) {
    reserve((value.count &+ 2) / 3 &* 4)
    byte("\"")
    unsafe value.withUnsafeBytes { bytes in
      let start = unsafe position
      unsafe position += JSONBase64.encode(bytes, to: start)
    }
    byte("\"")
  }
}
