/// A full name's meaning.
struct Symbol {
  enum Kind: String {
    case package
    case message
    case enumeration = "enum"
    case enumValue = "enum value"
    case field
    case oneof
    case `extension`
    case service
    case method

    /// Whether a field may be of it.
    var isType: Bool { self == .message || self == .enumeration }

    /// Whether it may stand before a dot.
    var isScope: Bool { isType || self == .package || self == .service }
  }

  var kind: Kind
  /// "package.Message.name", without a leading dot.
  var fullName: String
  /// The file that declares it; of a package the first that does.
  var file: Int
  var span: SourceSpan?
}

/// All declarations of a run: a tree of scopes, so that a look-up hashes one short name a scope and
/// builds none.
struct SymbolTable {
  /// Stands for a symbol of one table.
  struct ID: Hashable {
    fileprivate var index: Int32

    /// The scope around all packages.
    static let root = ID(index: 0)
  }

  private struct Place: Hashable {
    var scope: ID
    var name: String
  }

  private var symbols = [Symbol(kind: .package, fullName: "", file: 0, span: nil)]
  private var scopes = [ID.root]
  private var ids: [Place: ID] = [:]

  subscript(id: ID) -> Symbol { symbols[Int(id.index)] }

  /// Every symbol but the root, in the order of declaration.
  var all: ArraySlice<Symbol> { symbols.dropFirst() }

  /// The scope that a symbol was declared in.
  func scope(of id: ID) -> ID { scopes[Int(id.index)] }

  /// What a scope holds by a name without dots.
  func id(of name: String, in scope: ID) -> ID? { ids[Place(scope: scope, name: name)] }

  /// What stands at a path of names below a scope.
  func id(at path: some Sequence<String>, in scope: ID) -> ID? {
    var found = scope
    for name in path {
      guard let next = id(of: name, in: found) else { return nil }
      found = next
    }
    return found
  }

  /// The scope of a full name without leading dot; the root for one that is not declared.
  func id(ofFullName name: String) -> ID {
    name.isEmpty ? .root : id(at: Self.parts(of: name), in: .root) ?? .root
  }

  /// What a full name without leading dot stands for.
  subscript(fullName: String) -> Symbol? {
    id(at: Self.parts(of: fullName), in: .root).map { self[$0] }
  }

  /// The names between the dots.
  static func parts(of name: String) -> [String] {
    guard name.utf8.contains(UInt8(ascii: ".")) else { return [name] }
    return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .map { String(Substring($0)) }
  }

  /// Declares a name, and gives its symbol and whether it was free.
  ///
  /// A name that is taken keeps its meaning. Packages share theirs.
  mutating func add(_ name: String, in scope: ID, _ symbol: Symbol) -> (id: ID, isFree: Bool) {
    let place = Place(scope: scope, name: name)
    if let other = ids[place] {
      return (other, symbol.kind == .package && self[other].kind == .package)
    }
    let id = addNameless(symbol, in: scope)
    ids[place] = id
    return (id, true)
  }

  /// Adds a scope that no name leads to: for what stands in a declaration whose name is taken.
  mutating func addNameless(_ symbol: Symbol, in scope: ID) -> ID {
    symbols.append(symbol)
    scopes.append(scope)
    return ID(index: Int32(symbols.count - 1))
  }
}
