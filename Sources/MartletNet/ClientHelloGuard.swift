/// Looks at what clients say first, before OpenSSL does: a value without I/O.
///
/// OpenSSL takes memory for a ClientHello as soon as its length is announced, up to 128 KiB, while a
/// real one has a kilobyte or two. Of the records (RFC 8446, section 5.1) it follows the lengths and
/// judges nothing but the announced length of each ClientHello, the second one too, which follows a
/// HelloRetryRequest.
struct ClientHelloGuard {
  private static let recordHeadCount = 5
  private static let messageHeadCount = 4
  private static let handshakeType: UInt8 = 22
  private static let helloType: UInt8 = 1

  /// The heads of the record and of its message, as far as they have come.
  private var head: UInt64 = 0
  private var headCount = 0
  /// Bytes of the record behind its head.
  private var recordLeft = 0
  /// Bytes of a ClientHello that are to come in further records.
  private var helloLeft = 0

  /// Takes the next bytes; false when a ClientHello is announced that is too long, or in so small a
  /// piece that its length is not in it.
  mutating func admits(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    while position < bytes.count {
      if recordLeft > 0, headCount == 0 {
        let step = min(recordLeft, bytes.count - position)
        recordLeft -= step
        position += step
        continue
      }
      head = head << 8 | UInt64(bytes[position])
      headCount += 1
      position += 1
      guard takeHead() else { return false }
    }
    return true
  }

  private mutating func takeHead() -> Bool {
    if headCount == Self.recordHeadCount {
      recordLeft = Int(head & 0xFFFF)
      let isHandshake = UInt8(truncatingIfNeeded: head >> 32) == Self.handshakeType
      if !isHandshake || helloLeft > 0 {
        if isHandshake { helloLeft = max(0, helloLeft - recordLeft) }
        startOver()
      } else {
        return recordLeft >= Self.messageHeadCount
      }
    } else if headCount == Self.recordHeadCount + Self.messageHeadCount {
      let length = Int(head & 0xFF_FFFF)
      recordLeft -= Self.messageHeadCount
      if UInt8(truncatingIfNeeded: head >> 24) == Self.helloType {
        guard length <= NetLimits.maxClientHelloBytes else { return false }
        helloLeft = max(0, length - recordLeft)
      }
      startOver()
    }
    return true
  }

  private mutating func startOver() {
    head = 0
    headCount = 0
  }
}
