/// How names are written.
enum LintCase {
  case upperCamel
  case lowerSnake
  case upperSnake

  /// As rules call it.
  var name: String {
    switch self {
    case .upperCamel: "UpperCamelCase"
    case .lowerSnake: "lower_snake_case"
    case .upperSnake: "UPPER_SNAKE_CASE"
    }
  }

  /// Whether a name is written so.
  func matches(_ name: some StringProtocol) -> Bool {
    let bytes = Array(name.utf8)
    guard let first = bytes.first else { return false }
    switch self {
    case .upperCamel:
      return first.isCapital && bytes.allSatisfy { $0 != UInt8(ascii: "_") }
    case .lowerSnake:
      return first.isSmall && !bytes.contains(where: \.isCapital) && Self.isParted(bytes)
    case .upperSnake:
      return first.isCapital && !bytes.contains(where: \.isSmall) && Self.isParted(bytes)
    }
  }

  /// A name rewritten so; nil where that gives nothing better.
  func rewritten(_ name: String) -> String? {
    let words = SwiftNames.screamingSnake(name).split(separator: "_").joined(separator: "_")
    let result =
      switch self {
      case .upperCamel: SwiftNames.upperCamel(name)
      case .lowerSnake: words.lowercased()
      case .upperSnake: words.uppercased()
      }
    return result != name && matches(result) ? result : nil
  }

  /// Whether underscores stand alone and between words.
  private static func isParted(_ bytes: [UInt8]) -> Bool {
    let underscore = UInt8(ascii: "_")
    return bytes.last != underscore
      && !zip(bytes, bytes.dropFirst()).contains { $0 == underscore && $1 == underscore }
  }
}

extension UInt8 {
  fileprivate var isSmall: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
  fileprivate var isCapital: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}

/// The version at the end of a package's name.
enum PackageVersion {
  /// Whether it is v1, v1beta, v1beta2, v1p1alpha3 or v1test…, numbers counted from 1.
  static func isVersion(_ text: some StringProtocol) -> Bool {
    var rest = Array(text.utf8)[...]
    guard rest.popFirst() == UInt8(ascii: "v"), takeNumber(&rest) else { return false }
    if rest.starts(with: Array("test".utf8)) { return true }
    if rest.first == UInt8(ascii: "p") {
      rest = rest.dropFirst()
      guard takeNumber(&rest), !rest.isEmpty else { return false }
    }
    for stage in ["alpha", "beta"] where rest.starts(with: Array(stage.utf8)) {
      rest = rest.dropFirst(stage.utf8.count)
      return rest.isEmpty || (takeNumber(&rest) && rest.isEmpty)
    }
    return rest.isEmpty
  }

  private static func takeNumber(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard let first = rest.first, first.isDigit, first != UInt8(ascii: "0") else { return false }
    rest = rest.drop { $0.isDigit }
    return true
  }
}
