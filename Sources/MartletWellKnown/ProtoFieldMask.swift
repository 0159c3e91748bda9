// Names of fields, each a path of names joined by points.

extension ProtoFieldMask {
  /// Makes a mask of paths: `["title", "statistics.distance_m"]`, in the schema's spelling.
  public init(_ paths: [String]) {
    self.init()
    self.paths = paths
  }

  /// Reads JSON's text: paths in lowerCamelCase, joined by commas: `title,statistics.distanceM`.
  ///
  /// - Parameter text: The text; nil results when a path is empty or has an underscore.
  public init?(jsonText text: String) {
    self.init()
    if text.isEmpty { return }
    for path in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let snake = Self.snakeCase(path) else { return nil }
      paths.append(snake)
    }
  }

  /// The paths in lowerCamelCase, joined by commas; nil when that would not lead back to them.
  ///
  /// It would not where a path has a capital, or an underscore that no small letter follows.
  public var jsonText: String? {
    var text: [UInt8] = []
    for (index, path) in paths.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      guard Self.append(camelCaseOf: path, to: &text) else { return nil }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The paths sorted, without those that another one covers: `a` covers `a` and `a.b`.
  public var canonical: ProtoFieldMask {
    var kept: [String] = []
    // Sorted by name after name, what a path covers follows it at once.
    let split = paths.map { $0.split(separator: ".", omittingEmptySubsequences: false) }
    let sorted = split.sorted { first, second in
      first.lexicographicallyPrecedes(second) { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
    for path in sorted {
      let path = path.joined(separator: ".")
      if let last = kept.last, Self.covers(last, path) { continue }
      kept.append(path)
    }
    return ProtoFieldMask(kept)
  }

  /// Whether the mask names a field, or a message that the field is in.
  ///
  /// - Complexity: O(*n*), where *n* is the number of paths.
  public func contains(_ path: String) -> Bool {
    paths.contains { Self.covers($0, path) }
  }

  /// The canonical mask of the fields that either mask names.
  public func union(_ other: ProtoFieldMask) -> ProtoFieldMask {
    ProtoFieldMask(paths + other.paths).canonical
  }

  /// The canonical mask of the fields that both masks name.
  public func intersection(_ other: ProtoFieldMask) -> ProtoFieldMask {
    ProtoFieldMask(paths.filter(other.contains) + other.paths.filter(contains)).canonical
  }

  private static func covers(_ path: String, _ other: String) -> Bool {
    guard other.utf8.starts(with: path.utf8) else { return false }
    let rest = other.utf8.dropFirst(path.utf8.count)
    return rest.isEmpty || rest.first == UInt8(ascii: ".")
  }

  /// `fooBar.baz` as `foo_bar.baz`.
  private static func snakeCase(_ path: Substring.UTF8View) -> String? {
    guard !path.isEmpty else { return nil }
    var snake: [UInt8] = []
    for byte in path {
      switch byte {
      case UInt8(ascii: "_"): return nil
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): snake += [UInt8(ascii: "_"), byte | 0x20]
      default: snake.append(byte)
      }
    }
    return String(decoding: snake, as: UTF8.self)
  }

  /// `foo_bar.baz` as `fooBar.baz`.
  private static func append(camelCaseOf path: String, to text: inout [UInt8]) -> Bool {
    var followsUnderscore = false
    for byte in path.utf8 {
      let isSmall = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): return false
      case _ where followsUnderscore && !isSmall: return false
      case UInt8(ascii: "_"): followsUnderscore = true
      default:
        text.append(followsUnderscore ? byte & ~0x20 : byte)
        followsUnderscore = false
      }
    }
    return !followsUnderscore
  }
}

extension ProtoFieldMask: ExpressibleByArrayLiteral {
  /// Makes a mask of paths in the schema's spelling.
  public init(arrayLiteral elements: String...) { self.init(elements) }
}
