import Glibc

/// What tests of a hostile world run: a server whose limits they set, a client whose server is
/// theirs, and a load that does everything a client may, from a seed.
@main
enum RPCSoak {
  static func main() async {
    let arguments = CommandLine.arguments.dropFirst()
    do {
      switch arguments.first {
      case "serve": try await HardServer(Array(arguments.dropFirst())).run()
      case "console": try await ChannelConsole(Array(arguments.dropFirst())).run()
      case "load": try await SoakLoad(Array(arguments.dropFirst())).run()
      default:
        fail(
          "usage: RPCSoak serve [NAME=VALUE ...] | console [NAME=VALUE ...] | load NAME=VALUE ..."
        )
      }
    } catch {
      fail("\(error)")
    }
  }

  /// Not with `print` and `fflush`: that waits for whoever reads standard input meanwhile.
  static func say(_ line: String) {
    var text = line + "\n"
    text.withUTF8 { bytes in
      _ = write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
    }
  }

  static func fail(_ message: String) -> Never {
    say("failed: \(message)")
    exit(1)
  }
}

/// `NAME=VALUE` words.
struct Settings {
  private var values: [String: String] = [:]

  init(_ words: [String]) {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { RPCSoak.fail("not NAME=VALUE: \(word)") }
      values[parts[0]] = parts[1]
    }
  }

  subscript(name: String) -> String? { values[name] }

  func number(_ name: String) -> Int? {
    values[name].map { text in
      guard let number = Int(text) else { RPCSoak.fail("not a number: \(name)=\(text)") }
      return number
    }
  }

  func milliseconds(_ name: String) -> Duration? {
    number(name).map { .milliseconds($0) }
  }

  func set<Root>(_ root: inout Root, _ limits: [(String, WritableKeyPath<Root, Int>)]) {
    for (name, path) in limits {
      if let number = number(name) { root[keyPath: path] = number }
    }
  }
}
