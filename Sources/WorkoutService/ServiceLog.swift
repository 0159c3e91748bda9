package import Logging

/// Writes one line for each notable event: a name, then key=value pairs.
///
/// Never a password, a token or a position; people and activities by their ids only.
package struct ServiceLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) { self.logger = logger }

  /// Something that belongs to normal running.
  package func info(_ event: String, _ values: KeyValuePairs<String, String>) {
    logger.info("\(event)", metadata: Self.metadata(values))
  }

  /// Something that somebody should look at.
  package func warning(_ event: String, _ values: KeyValuePairs<String, String>) {
    logger.warning("\(event)", metadata: Self.metadata(values))
  }

  /// Something that an operator has to repair.
  package func error(_ event: String, _ values: KeyValuePairs<String, String>) {
    logger.error("\(event)", metadata: Self.metadata(values))
  }

  private static func metadata(_ values: KeyValuePairs<String, String>) -> Logger.Metadata {
    Dictionary(values.map { ($0.key, .string($0.value)) }) { first, _ in first }
  }
}
