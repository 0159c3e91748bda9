import ArgumentParser
import Glibc
import MartletRPC
import WorkoutClient

/// Which server, trusted how, and whose tokens.
struct ServerOptions: ParsableArguments {
  @Option(help: "The server, HOST:PORT. (default: MARTLET_SERVER, or where you signed in)")
  var server: String?

  @Option(
    help:
      "A PEM file with the certificate authority to trust. (default: MARTLET_CA, or the system's)"
  )
  var ca: String?

  @Flag(help: "Speak without TLS. Tokens and workouts can be read on the way.")
  var plaintext = false

  @OptionGroup var profile: ProfileOptions

  /// The client for these options.
  ///
  /// - Throws: `CommandFailure` when no server is named or the profile cannot be used.
  func makeClient() throws -> MartletClient {
    let profile = try profile.open()
    let stored = try? profile.credentials()?.server
    guard let text = server ?? environment("MARTLET_SERVER") ?? stored else {
      throw ValidationError("No server: give --server HOST:PORT or set MARTLET_SERVER.")
    }
    guard let address = ServerAddress(text) else {
      throw ValidationError("'\(text)' is no HOST:PORT.")
    }
    let trust = (ca ?? environment("MARTLET_CA")).map { ChannelConfiguration.Trust.pemFile($0) }
    var configuration = MartletClient.Configuration(
      server: address,
      security: plaintext ? .plaintext : .tls(trust: trust ?? .system)
    )
    configuration.userAgent = "martlet-cli/\(Martlet.configuration.version)"
    configuration.deviceName = "martlet on \(hostName())"
    return MartletClient(configuration: configuration, profile: profile)
  }

  /// Runs a command's work with a client, and turns its errors into exit codes.
  func withClient(_ work: (MartletClient) async throws -> Void) async throws {
    do {
      let client = try makeClient()
      try await work(client)
      await client.close()
    } catch { throw CommandFailure.wrapping(error) }
  }

  private func hostName() -> String {
    var buffer = [CChar](repeating: 0, count: 65)
    let isKnown = unsafe gethostname(&buffer, buffer.count - 1) == 0
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let name = String(decoding: bytes, as: UTF8.self)
    return isKnown && !name.isEmpty ? name : "a computer"
  }
}

/// Whose tokens and recordings.
struct ProfileOptions: ParsableArguments {
  @Option(
    help: "The folder with your tokens and recordings. (default: MARTLET_HOME, or ~/.martlet)"
  )
  var profile: String?

  /// The profile, made if it is missing.
  func open() throws -> Profile {
    let home = environment("HOME").map { "\($0)/.martlet" }
    guard let path = profile ?? environment("MARTLET_HOME") ?? home else {
      throw ValidationError("No profile: give --profile DIR or set MARTLET_HOME.")
    }
    do { return try Profile(path: path) } catch { throw CommandFailure.wrapping(error) }
  }
}

/// How long to try to reach the server, on the command line.
struct PatienceOption: ExpressibleByArgument, CustomStringConvertible {
  let seconds: Int

  init(seconds: Int) { self.seconds = seconds }

  /// Takes up to a year.
  init?(argument: String) {
    guard let seconds = Int(argument), (0...31_536_000).contains(seconds) else { return nil }
    self.seconds = seconds
  }

  var milliseconds: Int64 { Int64(seconds) * 1000 }

  var description: String { "\(seconds)" }
}

/// An environment variable; nil when it is unset or empty.
func environment(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  let text = unsafe String(cString: value)
  return text.isEmpty ? nil : text
}
