// Equality and hashes, once for all messages.
//
// What the compiler would make for each message by itself was more than a quarter of the object code
// of a schema. What a message is on the wire tells messages apart just as well, and better where
// Swift's own comparison is not protobuf's: a NaN, minus zero, text that is only canonically equal.

import Glibc

extension Message {
  /// Whether two messages are the same on the wire: the same fields, presence and unknown fields.
  ///
  /// Numbers are compared by their bits, so a NaN equals itself and zero is not minus zero; text by
  /// its UTF-8; maps whatever their order.
  /// - Complexity: O(the size of the messages on the wire); maps are sorted.
  ///
  /// - Parameters:
  ///   - first: A message.
  ///   - second: Another.
  /// - Returns: Whether they are equal.
  public static func == (first: Self, second: Self) -> Bool {
    // Equal fields have equal bounds; most messages that differ in length differ here.
    guard first.encodedSizeBound == second.encodedSizeBound else { return false }
    return unsafe WireWriter.withEncoded(first, deterministic: true) { bytes in
      unsafe WireWriter.withEncoded(second, deterministic: true) { others in
        guard bytes.count == others.count else { return false }
        guard let start = bytes.baseAddress, let other = others.baseAddress else { return true }
        return unsafe memcmp(start, other, bytes.count) == 0
      }
    }
  }

  /// Feeds the hash of what `==` compares.
  /// - Complexity: O(the size of the message on the wire); maps are sorted.
  ///
  /// - Parameter hasher: What is fed.
  public func hash(into hasher: inout Hasher) {
    unsafe WireWriter.withEncoded(self, deterministic: true) { unsafe hasher.combine(bytes: $0) }
  }

  /// The hash, seeded anew for each process.
  ///
  /// Here because the compiler would otherwise make one for each message.
  public var hashValue: Int {
    var hasher = Hasher()
    hash(into: &hasher)
    return hasher.finalize()
  }
}
