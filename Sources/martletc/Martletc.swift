import ArgumentParser

/// The schema compiler's command line.
@main
struct Martletc: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martletc",
    abstract: "Compiles protobuf schemas to Swift for MartletWire and MartletRPC.",
    discussion: """
      EXAMPLE:
        martletc generate -I schema --out Sources/Generated schema/martlet/v1/live.proto

      Exit codes: 0 done, 1 the schema has errors or a file cannot be written, 64 wrong usage.
      """,
    subcommands: [Generate.self, Check.self, Breaking.self, Descriptors.self]
  )
}
