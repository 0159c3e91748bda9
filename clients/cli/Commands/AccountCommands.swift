import ArgumentParser
import Glibc
import WorkoutClient
import WorkoutSchema

/// `martlet register`.
struct Register: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Create an account and sign this device in.",
    discussion: """
      EXAMPLE:
        martlet register ann --email ann@example.org --name "Ann" --server localhost:7443
      """
  )

  @Argument(help: "The name others find you by: 3 to 30 of a-z, 0-9, '_', '.', '-'.")
  var username: String

  @Option(help: "Your e-mail address.")
  var email: String

  @Option(help: "The name to show. (default: the username)")
  var name: String = ""

  @OptionGroup var password: PasswordOptions
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await options.withClient { client in
      let user = try await client.register(
        username: username,
        email: email,
        password: try password.read(twice: true),
        displayName: name
      )
      Terminal.print("registered and signed in as \(printable(user.username))")
    }
  }
}

/// `martlet login`.
struct LogIn: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login",
    abstract: "Sign this device in.",
    discussion: """
      EXAMPLE:
        martlet login ann --server localhost:7443
        martlet login ann --password-file - < secret.txt
      """
  )

  @Argument(help: "Your username or e-mail address.")
  var identifier: String

  @OptionGroup var password: PasswordOptions
  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await options.withClient { client in
      let user = try await client.logIn(
        identifier: identifier,
        password: try password.read(twice: false)
      )
      Terminal.print("signed in as \(printable(user.username))")
    }
  }
}

/// `martlet logout`.
struct LogOut: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout",
    abstract: "Sign this device out; what it recorded stays in the profile.",
    discussion: """
      EXAMPLE:
        martlet logout --all-devices
      """
  )

  @Flag(help: "End your sessions on all devices.")
  var allDevices = false

  @OptionGroup var options: ServerOptions

  func run() async throws {
    try await options.withClient { client in
      try await client.logOut(allDevices: allDevices)
      Terminal.print("signed out")
    }
  }
}

/// Where the password comes from; never the command line, which others can read.
struct PasswordOptions: ParsableArguments {
  @Option(
    help:
      "Read the password from the first line of a file, '-' for standard input. (default: MARTLET_PASSWORD, or ask)"
  )
  var passwordFile: String?

  /// The password.
  func read(twice: Bool) throws -> String {
    if let passwordFile { return try fromFile(passwordFile) }
    if let password = environment("MARTLET_PASSWORD") { return password }
    guard let password = Terminal.askSecret("Password: ") else {
      throw CommandFailure(
        ExitStatus.usage,
        "no terminal to ask for the password: use --password-file or MARTLET_PASSWORD"
      )
    }
    if twice, Terminal.askSecret("Again: ") != password {
      throw CommandFailure(ExitStatus.badData, "the passwords differ")
    }
    return password
  }

  private func fromFile(_ path: String) throws -> String {
    let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor > STDIN_FILENO { close(descriptor) } }
    guard descriptor >= 0, var line = Terminal.readLine(from: descriptor, limit: 1024) else {
      throw CommandFailure(ExitStatus.badData, "\(path): cannot read a password")
    }
    if line.hasSuffix("\r") { line.removeLast() }
    return line
  }
}
