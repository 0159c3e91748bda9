internal import ArgumentParser
internal import Glibc

/// The workout server's command line.
@main
struct Martletd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martletd",
    abstract: "Serves the martlet.v1 API: accounts, friends, live workouts, history.",
    discussion: """
      Data, keys and a development certificate are made in the data directory on the first start.
      On stdout stand a line 'listening on ADDRESS:PORT' once it serves, and with TLS a line \
      'certificate PATH'; the log goes to stderr. SIGTERM and SIGINT let running calls finish, \
      flush and exit with 0; a second one exits at once. SIGHUP reads certificate and key again, \
      which also happens within a minute of their change.

      Each flag may also be given in the environment, as MARTLETD_ and its name: \
      MARTLETD_DATA, MARTLETD_TLS_KEY. Flags win.

      Example:
        martletd --data /var/lib/martlet --listen 0.0.0.0:7443 \\
          --tls-certificate fullchain.pem --tls-key privkey.pem

      Exit codes: 0 stopped by a signal, 64 bad flag, 69 port not available, 73 data directory \
      not writable, 74 disk trouble, 75 data directory in use, 78 bad key, certificate or store.
      """,
    version: "martletd 0.1.0"
  )

  @OptionGroup var options: ServerOptions

  func run() async throws {
    do {
      try await Daemon(try ServerSettings(options, environment: environmentValue)).run()
    } catch let failure as StartFailure {
      StandardStream.error.writeLine("martletd: \(failure.message)")
      throw ExitCode(failure.exitCode.rawValue)
    }
  }
}

/// The flags; what they mean is checked by `ServerSettings`.
struct ServerOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where everything is kept. (default: data)", valueName: "directory"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Where to listen; may be given several times. Port 0 lets the system choose; unix:PATH is a "
        + "socket's file, without TLS. (default: 127.0.0.1:7443)",
      valueName: "host:port"
    )
  )
  var listen: [String] = []

  @Option(help: ArgumentHelp("PEM file: the certificate and those above it.", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("PEM file: the certificate's private key.", valueName: "file"))
  var tlsKey: String?

  @Flag(help: "Serve without TLS: only behind a proxy on the same machine.")
  var plaintext = false

  @Flag(help: "Tell clients the schema (server reflection), for grpcurl and its like.")
  var reflection = false

  @Option(help: ArgumentHelp("Event loops, 1 to 256. (default: one a core)", valueName: "count"))
  var loops: String?

  @Option(
    help: ArgumentHelp(
      "Bucket files of a new data directory, 1 to 4096; fixed from then on. (default: 64)",
      valueName: "count"
    )
  )
  var buckets: String?

  @Option(
    help: ArgumentHelp(
      "trace, debug, info, notice, warning, error or critical. (default: info)",
      valueName: "level"
    )
  )
  var logLevel: String?

  @Option(
    help: ArgumentHelp(
      "How long running calls may take when the server stops. (default: 10)",
      valueName: "seconds"
    )
  )
  var drainSeconds: String?
}

/// A variable of the environment; nothing when it is not set or empty.
private func environmentValue(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  let text = unsafe String(cString: value)
  return text.isEmpty ? nil : text
}
