// What a file sees: itself, what it imports, and what that passes on through `import public`.

/// What the file being linked may name, and what of it it has named.
struct Sight {
  /// The files it sees.
  var files: Set<Int> = []
  /// The packages of those files.
  var packages: Set<SymbolTable.ID> = []
  /// The files that only its options see.
  var optionFiles: Set<Int> = []
  var optionPackages: Set<SymbolTable.ID> = []
  /// The files it has named something of.
  var used = UsedFiles()
  /// Whether a file that it should see could not be read, or not its list of imports.
  var isPartial = false
  /// Names that statements which could not be read may have declared.
  var lostNames: Set<String> = []
}

/// The files that one file has named something of.
///
/// A class: the copy of the linker that reads an option's value marks in the same one.
final class UsedFiles {
  var indices: Set<Int> = []
}

extension Linker {
  /// Finds out what the current file sees.
  mutating func look() {
    sight = Sight()
    fileIndices[files[current].name] = current
    sight.files = [current]
    noteLoss(in: current)
    for item in files[current].imports {
      guard let index = fileIndices[item.path], index != current else { continue }
      for passed in passedOn(by: index) {
        noteLoss(in: passed)
        if item.kind == .option {
          sight.optionFiles.insert(passed)
          sight.optionPackages.formUnion(packages[passed])
        } else {
          sight.files.insert(passed)
          sight.packages.formUnion(packages[passed])
        }
      }
    }
  }

  /// A file and what it imports publicly, and so on.
  private func passedOn(by first: Int) -> Set<Int> {
    var found: Set<Int> = [first]
    var pending = [first]
    while let index = pending.popLast() {
      for item in files[index].imports where item.kind == .public {
        guard let passed = fileIndices[item.path], found.insert(passed).inserted else { continue }
        pending.append(passed)
      }
    }
    return found
  }

  private mutating func noteLoss(in index: Int) {
    sight.lostNames.formUnion(damage[index].lostNames)
    if damage[index].lacksImports { sight.isPartial = true }
  }

  func isVisible(_ id: SymbolTable.ID) -> Bool {
    let symbol = symbols[id]
    guard symbol.kind == .package else {
      return sight.files.contains(symbol.file)
        || looksUpOptions && sight.optionFiles.contains(symbol.file)
    }
    return sight.packages.contains(id) || looksUpOptions && sight.optionPackages.contains(id)
  }

  /// Whether a name without meaning may have had one in text that could not be read.
  func mayBeLost(_ name: String) -> Bool {
    sight.isPartial
      || !sight.lostNames.isEmpty
        && SymbolTable.parts(of: name).contains(where: sight.lostNames.contains)
  }

  /// As protoc: a package counts as the file's that declared it first, and what is imported
  /// publicly, or imports publicly itself, may be there for others.
  mutating func warnOfUnusedImports(_ file: FileDescriptor) {
    guard watched.contains(file.name) else { return }
    for item in file.imports where item.kind != .public {
      guard let index = fileIndices[item.path], !sight.used.indices.contains(index),
        !files[index].imports.contains(where: { $0.kind == .public })
      else { continue }
      sink.warning(
        "nothing of \"\(item.path)\" is used",
        in: file.name,
        at: item.pathSpan,
        rule: LintRule.importUsed.rawValue
      )
    }
  }
}
