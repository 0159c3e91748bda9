/// Names of a schema as Swift spells them.
enum SwiftNames {
  /// `started_at_ms` as `startedAtMs`, `REQUEST_SENT` as `requestSent`.
  static func lowerCamel(_ name: String) -> String {
    let words = words(name)
    return lowercasingStart(words.first ?? "") + words.dropFirst().map(capitalized).joined()
  }

  /// `URLPath` as `urlPath`: the capitals of the first word become small.
  private static func lowercasingStart(_ word: String) -> String {
    let capitals = word.prefix { $0.isUppercase }
    let after = word.dropFirst(capitals.count).first
    let count = capitals.count - (capitals.count > 1 && after?.isLowercase ?? false ? 1 : 0)
    return word.prefix(count).lowercased() + word.dropFirst(count)
  }

  private static func capitalized(_ word: String) -> String {
    word.prefix(1).uppercased() + word.dropFirst()
  }

  /// The parts between underscores, in lower case where the name has capitals only.
  private static func words(_ name: String) -> [String] {
    let hasLowercase = name.contains { $0.isLowercase }
    return name.split(separator: "_").map { hasLowercase ? String($0) : $0.lowercased() }
  }

  /// `track_request` and `TRACK_REQUEST` as `TrackRequest`; other capitals stay.
  static func upperCamel(_ name: String) -> String {
    words(name).map(capitalized).joined()
  }

  /// A property's or case's name where it is declared or used after a dot.
  static func member(_ name: String) -> String {
    let camel = startingWithLetter(lowerCamel(name))
    if unusableMembers.contains(camel) { return camel + "_" }
    return keywords.contains(camel) ? "`\(camel)`" : camel
  }

  /// A name without the backticks that it may need where it stands alone.
  static func plain(_ name: String) -> String { name.filter { $0 != "`" } }

  /// The name of a oneof's field as a case of its enum, which is used in optionals.
  static func oneofCase(_ name: String) -> String {
    let member = member(name)
    return ["none", "some"].contains(member) ? member + "_" : member
  }

  /// The name of a method of a service, where stubs and handlers have members of their own.
  static func method(_ name: String) -> String {
    let member = member(name)
    return ["channel", "name", "service"].contains(member) ? member + "_" : member
  }

  /// The names of methods, each once.
  static func methods(of service: ServiceDescriptor) -> [String] {
    var taken: Set<String> = []
    return service.methods.map { method in
      var name = Self.method(method.name)
      while !taken.insert(name).inserted { name = plain(name) + "_" }
      return name
    }
  }

  /// The names of an enum's values, each once.
  static func enumCases(of enumeration: EnumDescriptor) -> [String] {
    var taken: Set<String> = []
    return enumeration.values.map { value in
      var name = enumCase(value.name, of: enumeration.name)
      if taken.contains(name) {
        name = plain(name) + "_\(value.number < 0 ? "minus" : "")\(value.number.magnitude)"
      }
      while !taken.insert(name).inserted { name += "_" }
      return name
    }
  }

  /// A type's name.
  static func type(_ name: String) -> String {
    let camel = startingWithLetter(
      name.contains("_") ? upperCamel(name) : name.prefix(1).uppercased() + name.dropFirst()
    )
    return takenTypes.contains(camel) ? camel + "_" : camel
  }

  /// A value's name without its enum's: `ACTIVITY_TYPE_RUN` of `ActivityType` as `run`.
  static func enumCase(_ name: String, of enumName: String) -> String {
    let prefix = screamingSnake(enumName) + "_"
    guard name.uppercased().hasPrefix(prefix) else { return member(name) }
    let rest = name.dropFirst(prefix.count)
    guard let first = rest.first, first.isLetter else { return member(name) }
    return member(String(rest))
  }

  /// `ActivityType` as `ACTIVITY_TYPE`.
  static func screamingSnake(_ name: String) -> String {
    var result = ""
    var previous: Character?
    let characters = Array(name)
    for (index, character) in characters.enumerated() {
      let followsWord = previous.map { $0.isLowercase || $0.isNumber } ?? false
      let endsCapitals =
        (previous?.isUppercase ?? false) && index + 1 < characters.count
        && characters[index + 1].isLowercase
      if character.isUppercase, followsWord || endsCapitals { result += "_" }
      result += character.uppercased()
      previous = character
    }
    return result
  }

  /// `martlet/v1/live.proto` as `martlet_v1_live.swift`: SwiftPM wants file names unique in a
  /// module, and a build plugin must know them without reading the schema.
  static func file(_ path: String) -> String {
    let stem = path.hasSuffix(".proto") ? path.dropLast(6) : path[...]
    return String(stem.map { $0.isLetter || $0.isNumber ? $0 : "_" }) + ".swift"
  }

  /// The same for a file that holds JSON alone: `martlet_v1_live+JSON.swift`.
  static func jsonFile(_ path: String) -> String {
    String(file(path).dropLast(".swift".count)) + "+JSON.swift"
  }

  private static func startingWithLetter(_ name: String) -> String {
    if name.isEmpty { return "underscore" }
    return name.first.map { $0.isLetter } ?? false ? name : "_" + name
  }

  /// Members that generated types and their protocols have, or that Swift keeps even in
  /// backticks.
  private static let unusableMembers: Set<String> = [
    "self", "init", "description", "hashValue", "hash", "unknownFields", "encodedSizeBound",
    "encoded", "merge", "with", "protoName", "readFields", "writeFields", "readJSON", "writeJSON",
    "rawValue", "allNamed", "debugDescription", "hasSpecialJSON", "jsonBytes", "jsonFields",
    "jsonNames", "jsonString", "jsonValue", "writeJSONValue",
  ]

  /// Types that generated code names, and words that cannot be a type's name.
  private static let takenTypes: Set<String> = [
    "Any", "Array", "Bool", "CallOptions", "Channel", "ClientCall", "Dictionary", "Double",
    "Equatable", "Error", "FlatMessage", "Float", "Hashable", "Indirect", "Int", "Int32", "Int64",
    "JSONEnum", "JSONEnumNames", "JSONError", "JSONFields", "JSONMessage", "JSONReader",
    "JSONWriter", "MapKey", "Message", "MessageStream", "MessageWriter", "MethodDescriptor",
    "Methods", "Never", "OpenEnum", "Optional", "Protocol", "RPCError", "RPCService", "Self",
    "Sendable", "ServerCall", "ServiceHandler", "String", "Swift", "Type", "UInt32", "UInt64",
    "UInt8", "UnknownFields", "Void", "WireReader", "WireWindow", "WireWriter", "WriteWindow",
  ]

  private static let keywords: Set<String> = [
    "Any", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue",
    "default", "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false",
    "fileprivate", "for", "func", "guard", "if", "import", "in", "inout", "internal", "is", "let",
    "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat", "rethrows",
    "return", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true",
    "try", "typealias", "var", "where", "while",
  ]
}
