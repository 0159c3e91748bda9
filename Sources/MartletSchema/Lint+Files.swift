// Files, packages and imports: FILES, IMPORTS.

extension Linter {
  mutating func checkFile() {
    // Its path in FileDescriptorProto is 12.
    if file.syntax == .proto2, !file.locations.contains(where: { $0.path == [12] }) {
      find(
        .syntaxSpecified,
        "the file does not say its syntax, which makes it proto2",
        at: nil,
        suggestion: "begin it with syntax = \"proto3\";"
      )
    }
    checkFileName()
    checkPackageName()
    checkImports()
  }

  private mutating func checkFileName() {
    let base = file.name.split(separator: "/").last.map(String.init) ?? file.name
    let stem = base.hasSuffix(".proto") ? String(base.dropLast(6)) : base
    if LintCase.lowerSnake.matches(stem) { return }
    find(
      .fileLowerSnakeCase,
      "the name of the file \"\(base)\" is not in lower_snake_case",
      at: nil,
      suggestion: LintCase.lowerSnake.rewritten(stem).map { "name it \"\($0).proto\"" }
    )
  }

  private mutating func checkPackageName() {
    guard !file.package.isEmpty else {
      find(
        .packageDefined,
        "the file has no package",
        at: file.locations.first { $0.path == [12] || $0.path == [14] }?.span,
        suggestion: Self.packageName(for: file).map { "add package \($0);" }
      )
      return
    }
    let parts = file.package.split(separator: ".")
    if !parts.allSatisfy(LintCase.lowerSnake.matches) {
      let better = parts.map { LintCase.lowerSnake.rewritten(String($0)) ?? String($0) }
      find(
        .packageLowerSnakeCase,
        "the name of the package \"\(file.package)\" is not in lower_snake_case",
        at: file.packageSpan,
        suggestion: "name it \"\(better.joined(separator: "."))\""
      )
    }
    if let last = parts.last, parts.count < 2 || !PackageVersion.isVersion(last) {
      find(
        .packageVersionSuffix,
        "the name of the package \"\(file.package)\" does not end with a version",
        at: file.packageSpan,
        suggestion: last.hasPrefix("v") ? nil : "name it \"\(file.package).v1\""
      )
    }
    let wanted = parts.joined(separator: "/")
    if wanted != file.directory {
      find(
        .packageDirectoryMatch,
        "a file of package \"\(file.package)\" belongs in \"\(wanted)/\", not in "
          + (file.directory.isEmpty ? "an include directory itself" : "\"\(file.directory)/\""),
        at: file.packageSpan
      )
    }
  }

  /// The package that a file's directory stands for.
  private static func packageName(for file: FileDescriptor) -> String? {
    let parts = file.directory.split(separator: "/")
    guard !parts.isEmpty, parts.allSatisfy(LintCase.lowerSnake.matches) else { return nil }
    return parts.joined(separator: ".")
  }

  private mutating func checkImports() {
    var previous = ""
    for item in file.imports {
      switch item.kind {
      case .public:
        find(
          .importNoPublic,
          "\"\(item.path)\" is imported publicly: who imports this file depends on both",
          at: item.span,
          suggestion: "leave \"public\" out and import it where it is used"
        )
      case .weak:
        find(
          .importNoWeak,
          "\"\(item.path)\" is imported weakly, which few languages know",
          at: item.span,
          suggestion: "leave \"weak\" out"
        )
      case .normal, .option: break
      }
      if item.path < previous {
        find(
          .importSorted,
          "\"\(item.path)\" stands behind \"\(previous)\"; imports stand in alphabetical order",
          at: item.pathSpan
        )
      }
      previous = max(previous, item.path)
    }
  }

  // MARK: - All files together

  mutating func checkPackages() {
    var directories: [String: FileDescriptor] = [:]
    var packages: [String: FileDescriptor] = [:]
    for file in files {
      if let other = directories[file.directory], other.package != file.package {
        find(
          .directorySamePackage,
          "\"\(other.name)\" in the same directory is of \(other.packageText), this file of "
            + file.packageText,
          in: file,
          at: file.packageSpan
        )
      } else {
        directories[file.directory] = file
      }
      guard !file.package.isEmpty else { continue }
      guard let other = packages[file.package] else {
        packages[file.package] = file
        continue
      }
      checkAgreement(of: file, with: other)
    }
    checkCycles()
  }

  /// What the files of one package have in common.
  private mutating func checkAgreement(of file: FileDescriptor, with other: FileDescriptor) {
    if file.directory != other.directory {
      find(
        .packageSameDirectory,
        "package \"\(file.package)\" is in \"\(other.directory)/\" too: \"\(other.name)\"",
        in: file,
        at: file.packageSpan
      )
    }
    if file.swiftPrefix != other.swiftPrefix {
      find(
        .packageSameSwiftPrefix,
        "the swift_prefix is \"\(file.swiftPrefix)\" here and \"\(other.swiftPrefix)\" in "
          + "\"\(other.name)\" of the same package",
        in: file,
        at: file.options.written.first { $0.nameText == "swift_prefix" }?.span ?? file.packageSpan
      )
    }
  }

  private mutating func checkCycles() {
    var graph: [String: Set<String>] = [:]
    for file in schema.files {
      let imported = file.imports.compactMap { schema.file(named: $0.path)?.package }
      graph[file.package, default: []].formUnion(imported.filter { $0 != file.package })
    }
    for file in files {
      for item in file.imports {
        guard let package = schema.file(named: item.path)?.package, package != file.package,
          let way = Self.way(from: package, to: file.package, in: graph)
        else { continue }
        let circle = ([file.package] + way).joined(separator: " -> ")
        find(
          .packageNoImportCycle,
          "packages import each other: \(circle)",
          in: file,
          at: item.pathSpan
        )
      }
    }
  }

  /// The shortest way from one package to another, both included.
  private static func way(
    from start: String,
    to end: String,
    in graph: [String: Set<String>]
  ) -> [String]? {
    var origins: [String: String] = [start: start]
    var waiting = [start]
    var next = 0
    while next < waiting.count {
      let package = waiting[next]
      next += 1
      if package == end {
        var way = [end]
        while let last = way.last, last != start { way.append(origins[last] ?? start) }
        return way.reversed()
      }
      for other in graph[package, default: []].sorted() where origins[other] == nil {
        origins[other] = package
        waiting.append(other)
      }
    }
    return nil
  }
}

extension FileDescriptor {
  /// Its path without its own name and the slash before it.
  var directory: String {
    name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
  }

  /// What `option swift_prefix` says.
  var swiftPrefix: String {
    guard case .string(let prefix)? = options.known["swift_prefix"] else { return "" }
    return prefix
  }

  fileprivate var packageText: String {
    package.isEmpty ? "no package" : "package \"\(package)\""
  }
}
