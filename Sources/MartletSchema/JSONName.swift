/// Names derived from the names of fields.
enum JSONName {
  /// The JSON name of a field without `json_name`: underscores go, and the letter behind each is
  /// made a capital (protobuf's ToJsonName).
  static func derived(from name: String) -> String {
    var result: [UInt8] = []
    var isAfterUnderscore = false
    for byte in name.utf8 {
      if byte == UInt8(ascii: "_") {
        isAfterUnderscore = true
      } else {
        result.append(isAfterUnderscore ? capital(byte) : byte)
        isAfterUnderscore = false
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The type of a map field's entries: "heart_rates" -> "HeartRatesEntry".
  static func mapEntryName(of name: String) -> String {
    var result: [UInt8] = []
    var isCapital = true
    for byte in name.utf8 {
      if byte == UInt8(ascii: "_") {
        isCapital = true
      } else {
        result.append(isCapital ? capital(byte) : byte)
        isCapital = false
      }
    }
    return String(decoding: result, as: UTF8.self) + "Entry"
  }

  private static func capital(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & 0xDF : byte
  }
}
