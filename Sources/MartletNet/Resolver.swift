/// Turns host names into addresses, off the loop.
package enum Resolver {
  /// Every stream address of `host`, in the system's order of preference. A numeric host is answered
  /// at once.
  ///
  /// - Throws: `NetError.unknownHost`, or what `BlockingPool.run` throws.
  package static func resolve(
    host: String,
    port: UInt16,
    pool: BlockingPool = .shared
  ) async throws -> [SocketAddress] {
    fatalError("coming")
  }
}
