import ArgumentParser
import WorkoutClient
import WorkoutSchema

/// `martlet friends`.
struct Friends: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List friends; ask, accept and remove them.",
    discussion: """
      EXAMPLE:
        martlet friends add bob
        martlet friends accept ann
        martlet friends
      """,
    subcommands: [List.self, Add.self, Accept.self, Remove.self],
    defaultSubcommand: List.self
  )

  /// `martlet friends list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List friends and waiting requests.",
      discussion: """
        EXAMPLE:
          martlet friends list --json
        """
    )

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await options.withClient { client in
        let friends = try await client.friends()
        if json {
          var object = JSONObject()
          object.add("friends", .array(friends.map { JSONObject($0).value }))
          Terminal.print(object.value.text)
        } else {
          for friend in friends { Terminal.print(line(friend)) }
          if friends.isEmpty { Terminal.note("no friends yet: martlet friends add NAME") }
        }
      }
    }
  }

  /// `martlet friends add`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask a person to be friends, or accept their request.",
      discussion: """
        EXAMPLE:
          martlet friends add bob
        """
    )

    @Argument(help: "The person's username.")
    var username: String

    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await options.withClient { client in
        Terminal.print(line(try await client.requestFriend(username)))
      }
    }
  }

  /// `martlet friends accept`.
  struct Accept: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Accept a waiting request.",
      discussion: """
        EXAMPLE:
          martlet friends accept ann
        """
    )

    @Argument(help: "The person's username.")
    var username: String

    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await options.withClient { client in
        Terminal.print(line(try await client.acceptFriend(username)))
      }
    }
  }

  /// `martlet friends remove`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a friendship, decline a request or take one back.",
      discussion: """
        EXAMPLE:
          martlet friends remove bob
        """
    )

    @Argument(help: "The person's username.")
    var username: String

    @OptionGroup var options: ServerOptions

    func run() async throws {
      try await options.withClient { client in
        let wasThere = try await client.removeFriend(username)
        Terminal.print(wasThere ? "\(username)  removed" : "\(username)  was no friend")
      }
    }
  }
}

/// One friend on one line: `bob  friends  Bob B`.
private func line(_ friend: Friend) -> String {
  let name = printable(friend.user?.username ?? "?")
  let shown = printable(friend.user?.displayName ?? "")
  return "\(name)  \(friend.state.words)" + (shown.isEmpty || shown == name ? "" : "  \(shown)")
}

extension FriendState {
  /// The state in words.
  fileprivate var words: String {
    switch self {
    case .friends: "friends"
    case .requestSent: "asked"
    case .requestReceived: "asks you"
    default: "?"
    }
  }

  /// The state as JSON has it.
  fileprivate var jsonName: String {
    switch self {
    case .friends: "friends"
    case .requestSent: "request_sent"
    case .requestReceived: "request_received"
    default: "unknown"
    }
  }
}

extension JSONObject {
  fileprivate init(_ friend: Friend) {
    add("username", friend.user?.username ?? "")
    add("display_name", friend.user?.displayName ?? "")
    add("user_id", friend.user?.id ?? "")
    add("state", friend.state.jsonName)
    add("since", Dates.utc(friend.sinceMs))
  }
}
