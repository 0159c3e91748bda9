import ArgumentParser

/// `martletc check`: says what is wrong with a schema, and writes nothing.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Parses and links schema files and reports errors and warnings.",
    discussion: """
      EXAMPLE:
        martletc check -I schema schema/martlet/v1/live.proto
      """
  )

  @OptionGroup var inputs: Inputs

  func run() throws {
    _ = try inputs.compile()
  }
}
