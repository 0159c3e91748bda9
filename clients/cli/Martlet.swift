import ArgumentParser
import Glibc

/// The command-line client of a Martlet server.
@main
struct Martlet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Record workouts, share them live with friends, and look at what was done.",
    discussion: """
      The server is named by --server or MARTLET_SERVER (after signing in, the one signed in to), \
      its certificate authority by --ca or MARTLET_CA, and the folder with your tokens and \
      recordings by --profile or MARTLET_HOME.

      EXAMPLE:
        martlet register ann --email ann@example.org --server workouts.example.org:7443
        martlet friends add bob
        martlet record --from run.gpx --speed 60
        martlet history

      EXIT STATUS:
        0    done
        64   the command line is wrong
        65   a file, or a value for the server, is wrong
        69   the server is not available; what was recorded is kept
        70   an internal error, here or at the server
        73   a file or the output cannot be written
        75   another martlet is recording with this profile
        77   not signed in, or not allowed
        130  interrupted; what was recorded is kept
      """,
    version: "0.1.0",
    subcommands: [
      Register.self, LogIn.self, LogOut.self, Friends.self, Record.self, Sync.self, Watch.self,
      History.self, Show.self, Inspect.self,
    ]
  )

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      try Terminal.checkOutput()
    } catch let failure as CommandFailure {
      if let message = failure.message { Terminal.note(message) }
      Glibc.exit(failure.status)
    } catch {
      // Help, version and what is wrong with the command line: the parser's own words and codes.
      exit(withError: error)
    }
  }
}
