/// How a database file is opened.
///
/// The defaults are durable: what is committed survives power loss.
package struct DatabaseOptions: Sendable, Hashable {
  package enum Access: Sendable, Hashable {
    /// Creates the file when there is none.
    case createOrWrite
    /// Refuses when there is no file.
    case write
    /// Reads only; writes fail with `readOnly`.
    case read
  }

  package var access = Access.createOrWrite

  /// Bytes; applies to a file that is being created: a power of two, 512 to 65,536.
  package var pageSize = 4096

  /// Whose file it is: `PRAGMA application_id`.
  ///
  /// Written into a new file; a file with another one is refused. 0: neither written nor checked.
  package var applicationID: Int32 = 0

  /// How long a statement waits for another connection's lock, milliseconds.
  package var busyTimeoutMilliseconds: Int32 = 5_000

  /// Pages in the write-ahead log that start a checkpoint.
  ///
  /// More makes the worst commit slower: 7 ms at 1,000, 78 ms at 16,000.
  package var walAutocheckpointPages = 1_000

  /// What a log file is cut to after a checkpoint, bytes.
  package var walSizeLimitBytes = 16 << 20

  /// Page cache of the connection, KiB.
  package var cacheKibibytes = 1_024

  /// Compiled statements kept for reuse.
  package var maximumCachedStatements = 128

  package init() {}
}
