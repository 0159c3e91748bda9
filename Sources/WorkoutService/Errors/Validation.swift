internal import MartletRPC
internal import WorkoutCore

/// Checks of what clients send; each failure is INVALID_ARGUMENT and names the field and the rule.
enum Validation {
  static func fail(_ field: String, _ rule: String) -> RPCError {
    RPCError(.invalidArgument, "\(field): \(rule)")
  }

  /// An id: a UUID in lower-case text.
  static func id<ID: EntityID>(_ text: String, _ field: String) throws(RPCError) -> ID {
    guard let id = ID(text) else { throw fail(field, "must be a UUID in lower-case text") }
    return id
  }

  /// A username as an account has it.
  static func username(_ text: String, _ field: String = "username") throws(RPCError) {
    guard ServiceLimits.usernameCharacters.contains(text.utf8.count),
      text.utf8.allSatisfy(isUsernameCharacter)
    else { throw fail(field, "must be 3 to 30 of a-z, 0-9, '_', '.', '-'") }
  }

  /// An e-mail address by its form: something, an @, and something like a domain.
  ///
  /// Whether mail arrives there only mail can tell.
  static func email(_ text: String) throws(RPCError) {
    guard text.utf8.count <= ServiceLimits.identifierBytes else {
      throw fail("email", "must have at most 254 bytes")
    }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, let local = parts.first, let domain = parts.last, !local.isEmpty,
      !domain.isEmpty, !domain.hasPrefix("."), !domain.hasSuffix("."),
      text.unicodeScalars.allSatisfy({ isPrintable($0) && $0 != " " })
    else { throw fail("email", "must be an e-mail address, like ann@example.org") }
  }

  static func password(_ text: String) throws(RPCError) {
    guard ServiceLimits.passwordBytes.contains(text.utf8.count) else {
      throw fail("password", "must have 8 to 256 bytes")
    }
  }

  /// A name or title for people to read, without control characters.
  static func text(_ text: String, _ field: String, characters: Int) throws(RPCError) {
    // A character of text may be built of any number of scalars: bytes are bounded too.
    guard text.count <= characters, text.utf8.count <= characters * 4 else {
      throw fail(field, "must have at most \(characters) characters")
    }
    guard text.unicodeScalars.allSatisfy(isPrintable) else {
      throw fail(field, "must not have control characters")
    }
  }

  /// An IANA time zone name by its form: letters, digits, `_`, `-`, `+` and `/`.
  static func timeZone(_ text: String, _ field: String) throws(RPCError) {
    guard text.utf8.count <= ServiceLimits.timeZoneBytes,
      text.utf8.allSatisfy({
        isLetterOrDigit($0) || [UInt8]("_-+/".utf8).contains($0)
      })
    else { throw fail(field, "must be an IANA time zone name, like Europe/Ljubljana, or empty") }
  }

  /// A moment that a device's clock may show.
  static func time(_ milliseconds: Int64, _ field: String) throws(RPCError) {
    let range = CoreLimits.timeMs
    guard range.contains(milliseconds) else {
      throw fail(
        field,
        "\(milliseconds) is not in \(range.lowerBound)...\(range.upperBound) milliseconds"
      )
    }
  }

  /// A page size, with the standard one for 0.
  static func pageSize(
    _ size: UInt32,
    _ limits: (standard: Int, maximum: Int)
  ) throws(RPCError) -> Int {
    guard size <= limits.maximum else {
      throw fail("page_size", "must be 1 to \(limits.maximum), or 0 for \(limits.standard)")
    }
    return size == 0 ? limits.standard : Int(size)
  }

  private static func isUsernameCharacter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || isDigit(byte)
      || [UInt8]("_.-".utf8).contains(byte)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    // Bit 5 is what tells lower case from upper case in ASCII.
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || isDigit(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control
  }
}
