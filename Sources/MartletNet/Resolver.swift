internal import CLinux
internal import Glibc

/// Turns host names into addresses, off the loop.
package enum Resolver {
  /// Every stream address of `host`, in the system's order of preference.
  ///
  /// A numeric host is answered at once.
  ///
  /// - Throws: `NetError.unknownHost`, or what `BlockingPool.run` throws.
  package static func resolve(
    host: String,
    port: UInt16,
    pool: BlockingPool = .shared
  ) async throws -> [SocketAddress] {
    if let numeric = try? SocketAddress(host: host, port: port) { return [numeric] }
    return try await pool.run { try lookUp(host, port) }
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
    while let info = entry?.pointee {
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
