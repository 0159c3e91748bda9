/// Where in a message a place of its JSON is.
enum JSONPath {
  private static let longestKey = 64
  private static let longestPath = 256

  /// A container that is open at the end of the text.
  private enum Level {
    case object(key: String)
    case array(index: Int)
  }

  /// The path of the value that is being read or written when the text ends there.
  ///
  /// Made only for errors, so that reading and writing need not keep track.
  ///
  /// - Parameter text: the beginning of a JSON text, up to the place.
  /// - Returns: `activities[3].title`; keys are cut short.
  static func path(in text: UnsafeRawBufferPointer) -> String {
    var levels: [Level] = []
    var isKey = false
    var index = 0
    while index < text.count {
      let byte = unsafe text[index]
      index += 1
      switch byte {
      case UInt8(ascii: "{"):
        levels.append(.object(key: ""))
        isKey = true
      case UInt8(ascii: "["): levels.append(.array(index: 0))
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        _ = levels.popLast()
        isKey = false
      case UInt8(ascii: ","):
        if case .array(let place)? = levels.last {
          levels[levels.count - 1] = .array(index: place + 1)
        } else {
          isKey = true
        }
      case UInt8(ascii: "\""):
        let first = index
        let isClosed = unsafe skipString(text, &index)
        if isKey, isClosed, case .object? = levels.last {
          let key = unsafe UnsafeRawBufferPointer(rebasing: text[first..<(index - 1)])
          levels[levels.count - 1] = unsafe .object(key: shortened(key))
          isKey = false
        }
      default: break
      }
    }
    return description(of: levels)
  }

  /// Goes behind a string's closing quote.
  private static func skipString(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> Bool {
    while index < text.count {
      let byte = unsafe text[index]
      index += byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return true }
    }
    return false
  }

  private static func shortened(_ key: UnsafeRawBufferPointer) -> String {
    let text = unsafe String(decoding: key.prefix(longestKey), as: UTF8.self)
    return key.count > longestKey ? text + "…" : text
  }

  private static func description(of levels: [Level]) -> String {
    var path = ""
    for level in levels {
      switch level {
      case .object(key: ""): continue
      case .object(let key): path += path.isEmpty ? key : "." + key
      case .array(let index): path += "[\(index)]"
      }
      if path.utf8.count > longestPath { return path + "…" }
    }
    return path
  }
}
