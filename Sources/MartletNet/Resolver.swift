internal import CLinux
internal import Glibc
internal import Synchronization

/// Turns host names into addresses, on a few threads of its own.
///
/// A name server that does not answer holds up other look-ups at most, never the threads that
/// files and passwords share.
package enum Resolver {
  private static let pool = BlockingPool(
    threads: NetLimits.resolverThreads,
    maxQueued: NetLimits.maxQueuedLookUps
  )

  /// Every stream address of `host`, in the system's order of preference (RFC 6724).
  ///
  /// A numeric host is answered at once, without a thread.
  ///
  /// - Throws: `NetError.unknownHost`; `.timeout` after `timeout`; `.limit` when too many look-ups
  ///   wait; `CancellationError` as soon as the task is cancelled.
  package static func resolve(
    host: String,
    port: UInt16,
    timeout: Duration = NetLimits().resolveTimeout
  ) async throws -> [SocketAddress] {
    if let numeric = try? SocketAddress(host: host, port: port) { return [numeric] }
    return try await resolve(timeout: timeout) { () throws(NetError) in try lookUp(host, port) }
  }

  /// The same with a look-up of the caller's, for tests.
  static func resolve(
    timeout: Duration,
    _ lookUp: @escaping @Sendable () throws(NetError) -> [SocketAddress]
  ) async throws -> [SocketAddress] {
    let answer = LookUpAnswer()
    let clock = Task { @concurrent in
      try await Task.sleep(for: timeout)
      answer.give(.failure(NetError.timeout("name resolution")))
    }
    defer { clock.cancel() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        answer.await(continuation)
        do throws(NetError) {
          try pool.submit {
            // Nobody waits any more: spare the name server.
            guard !answer.isGiven else { return }
            answer.give(Result { () throws(NetError) in try lookUp() }.mapError { $0 })
          }
        } catch {
          answer.give(.failure(error))
        }
      }
    } onCancel: {
      answer.give(.failure(CancellationError()))
    }
  }

  private static func lookUp(_ host: String, _ port: UInt16) throws(NetError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      throw .unknownHost("\(host): \(String(cString: gai_strerror(code)))")
    }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var entry = list
    while let info = entry?.pointee, addresses.count < NetLimits.maxResolvedAddresses {
      if let address = address(from: info), !addresses.contains(address) {
        addresses.append(address)
      }
      entry = info.ai_next
    }
    guard !addresses.isEmpty else { throw .unknownHost("\(host): no address") }
    return addresses
  }

  private static func address(from info: addrinfo) -> SocketAddress? {
    var storage = sockaddr_storage()
    let length = Int(info.ai_addrlen)
    guard let source = info.ai_addr, length <= MemoryLayout<sockaddr_storage>.size else {
      return nil
    }
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: source, count: length))
    }
    return SocketAddress(&storage)
  }
}

/// The first of an answer, a timeout and a cancellation.
private final class LookUpAnswer: Sendable {
  private typealias Waiter = CheckedContinuation<[SocketAddress], any Error>
  private struct State {
    var outcome: Result<[SocketAddress], any Error>?
    var waiter: Waiter?
  }
  private let state = Mutex(State())

  var isGiven: Bool { state.withLock { $0.outcome != nil } }

  func give(_ outcome: Result<[SocketAddress], any Error>) {
    let waiter = state.withLock { state in
      guard state.outcome == nil else { return Waiter?.none }
      state.outcome = outcome
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(with: outcome)
  }

  func await(_ continuation: CheckedContinuation<[SocketAddress], any Error>) {
    let outcome = state.withLock { state in
      if state.outcome == nil { state.waiter = continuation }
      return state.outcome
    }
    if let outcome { continuation.resume(with: outcome) }
  }
}
