extension Language {
  /// How people greet each other in the language.
  public var greeting: String {
    switch self {
    case .german: "Guten Tag"
    case .french: "Bonjour"
    default: "Hello"
    }
  }
}
