/// What one scrypt hash costs (RFC 7914, section 2).
package struct ScryptCost: Sendable, Hashable {
  /// Binary logarithm of N, the cost in time and memory: 1 to 20.
  package let logN: Int

  /// Block size: 1 to 32.
  package let r: Int

  /// Parallelisation, here only more work: 1 to 16.
  package let p: Int

  /// Makes a cost, or nothing when it is out of range or needs more than 256 MiB.
  package init?(logN: Int, r: Int, p: Int) {
    guard (1...20).contains(logN), (1...32).contains(r), (1...16).contains(p),
      128 * r << logN <= 256 << 20
    else { return nil }
    self.logN = logN
    self.r = r
    self.p = p
  }

  private init(checked logN: Int, _ r: Int, _ p: Int) {
    self.logN = logN
    self.r = r
    self.p = p
  }

  /// One of the settings that OWASP's password storage cheat sheet calls equally strong
  /// (N = 2^15, r = 8, p = 3): chosen among them for its 32 MiB.
  package static let standard = ScryptCost(checked: 15, 8, 3)

  /// The most memory that OpenSSL may take for one hash, bytes: the vector of N blocks, the p
  /// blocks and working space.
  package var memoryBytes: Int { 128 * r << logN + 128 * r * (p + 2) + 4096 }
}

/// A salted password hash, as text that carries its own parameters (the PHC string format):
/// `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`.
package struct PasswordHash: Sendable, Hashable {
  /// What it cost, and costs to check.
  package let cost: ScryptCost
  private let salt: [UInt8]
  private let hash: [UInt8]

  private static let saltBytes = 16
  private static let hashBytes = 32

  /// Longest text that is read back; ours has 95 bytes or so.
  private static let maximumTextBytes = 256

  /// Hashes a password with a fresh salt.
  ///
  /// Blocks for as long as `cost` says: run it off the loop.
  package init(of password: String, cost: ScryptCost = .standard) throws(CryptoError) {
    self.cost = cost
    salt = try randomBytes(Self.saltBytes)
    hash = try scrypt(
      password: [UInt8](password.utf8),
      salt: salt,
      cost: cost,
      count: Self.hashBytes
    )
  }

  /// Reads a hash back, or nothing when the text is not one of ours.
  package init?(text: String) {
    guard text.utf8.count <= Self.maximumTextBytes else { return nil }
    let fields = text.split(separator: "$", omittingEmptySubsequences: false)
    guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt",
      let cost = Self.cost(fields[2]),
      let salt = Base64.decode(fields[3], .standard), (8...64).contains(salt.count),
      let hash = Base64.decode(fields[4], .standard), (16...64).contains(hash.count)
    else { return nil }
    self.cost = cost
    self.salt = salt
    self.hash = hash
  }

  /// The text to store.
  package var text: String {
    "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)"
      + "$\(Base64.encode(salt, .standard))$\(Base64.encode(hash, .standard))"
  }

  /// Whether this is the hash of that password; blocks as `init(of:cost:)` does.
  package func matches(_ password: String) throws(CryptoError) -> Bool {
    let derived = try scrypt(
      password: [UInt8](password.utf8),
      salt: salt,
      cost: cost,
      count: hash.count
    )
    return equalInConstantTime(derived, hash)
  }

  private static func cost(_ text: Substring) -> ScryptCost? {
    var values: [Int] = []
    for (field, name) in zip(text.split(separator: ",", maxSplits: 3), ["ln=", "r=", "p="]) {
      guard field.hasPrefix(name), let value = Int(field.dropFirst(name.count)), value >= 0
      else { return nil }
      values.append(value)
    }
    guard values.count == 3, text.filter({ $0 == "," }).count == 2 else { return nil }
    return ScryptCost(logN: values[0], r: values[1], p: values[2])
  }
}
