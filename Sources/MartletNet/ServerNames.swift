/// Which of a server's certificates are for which names.
///
/// Certificates go by their index. A name has at most one of each key algorithm: the first.
struct ServerNames: Sendable {
  /// What one certificate says of itself.
  struct Certificate: Sendable {
    /// DNS names in lower case, `*.example.org` included, and IP addresses.
    var names: Set<String>
    /// The key's algorithm, whatever the number means.
    var algorithm: Int32
  }

  private let certificates: [Certificate]
  private var indices: [String: [Int]] = [:]

  init(_ certificates: [Certificate] = []) {
    self.certificates = certificates
    for (index, certificate) in certificates.enumerated() {
      for name in certificate.names { add(index, to: &indices[name, default: []]) }
    }
  }

  /// Every choice of certificates that a client can be shown; the first is the default.
  var choices: [[Int]] {
    var choices = [defaultChoice]
    for name in indices.keys {
      let choice = self.choice(for: name)
      if !choices.contains(choice) { choices.append(choice) }
    }
    return choices
  }

  /// The certificates for a server's name: those that bear it, then those with a wildcard in place
  /// of its first label (RFC 9525, 6.3); else the default.
  func choice(for name: String) -> [Int] {
    var choice = indices[name] ?? []
    if let dot = name.firstIndex(of: "."), !name.hasPrefix("*") {
      for index in indices["*\(name[dot...])"] ?? [] { add(index, to: &choice) }
    }
    return choice.isEmpty ? defaultChoice : choice
  }

  /// The first certificate, and of other algorithms those that share a name with it.
  private var defaultChoice: [Int] {
    guard let first = certificates.first else { return [] }
    var choice = [0]
    for (index, certificate) in certificates.enumerated()
    where !certificate.names.isDisjoint(with: first.names) {
      add(index, to: &choice)
    }
    return choice
  }

  private func add(_ index: Int, to choice: inout [Int]) {
    let algorithm = certificates[index].algorithm
    guard !choice.contains(where: { certificates[$0].algorithm == algorithm }) else { return }
    choice.append(index)
  }
}
