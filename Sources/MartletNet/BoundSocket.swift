internal import CLinux
internal import Glibc

/// A socket that is bound and listens, not yet owned.
struct BoundSocket {
  let descriptor: Int32
  /// Where; a port 0 has been replaced.
  let address: SocketAddress
  /// The file that binding a Unix socket made.
  let file: FileStamp?

  init(_ configuration: ListenerConfiguration, backlog: Int32) throws(NetError) {
    let descriptor = martlet_stream_socket(configuration.address.family)
    guard descriptor >= 0 else { throw .systemCall(name: "socket", code: martlet_errno()) }
    do throws(NetError) {
      try bind(descriptor, configuration)
      guard listen(descriptor, backlog) == 0 else {
        throw .systemCall(name: "listen", code: martlet_errno())
      }
      address = try boundAddress(of: descriptor)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    if case .unix(let path) = address { file = FileStamp(of: path) } else { file = nil }
    self.descriptor = descriptor
  }
}

extension Listener {
  /// Fails when somebody else listens to a TCP address already.
  ///
  /// A socket with SO_REUSEPORT binds beside any other of the same user that has it: a second
  /// server would silently take half of the first one's connections. This asks without it.
  package static func checkNobodyListens(
    to configuration: ListenerConfiguration
  ) throws(NetError) {
    let address = configuration.address
    guard address.family != AF_UNIX, address.port != 0 else { return }
    let probe = martlet_stream_socket(address.family)
    guard probe >= 0 else { throw .systemCall(name: "socket", code: martlet_errno()) }
    defer { Glibc.close(probe) }
    var alone = configuration
    alone.sharesPort = false
    try bind(probe, alone)
  }
}

private func bind(
  _ descriptor: Int32,
  _ configuration: ListenerConfiguration
) throws(NetError) {
  let address = configuration.address
  if case .unix(let path) = address {
    removeStaleSocket(path)
    // The file gets the socket's own mode, less the umask: it is never more open than it shall be.
    _ = fchmod(descriptor, configuration.permissions)
  }
  _ = martlet_set_socket_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
  if case .v6 = address {
    let isAlone: Int32 = configuration.isDualStack ? 0 : 1
    _ = martlet_set_socket_option(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, isAlone)
  }
  if configuration.sharesPort, address.family != AF_UNIX,
    martlet_set_socket_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) != 0
  {
    throw .systemCall(name: "SO_REUSEPORT", code: martlet_errno())
  }
  let code = try address.withKernelForm { pointer, length in
    Glibc.bind(descriptor, pointer, length) == 0 ? 0 : martlet_errno()
  }
  guard code == 0 else { throw .systemCall(name: "bind \(address)", code: code) }
  if case .unix(let path) = address, chmod(path, configuration.permissions) != 0 {
    throw .systemCall(name: "chmod \(path)", code: martlet_errno())
  }
}

/// Removes a Unix socket's file if connecting to it is refused: its listener is gone.
private func removeStaleSocket(_ path: String) {
  // Connecting to a file of another kind is refused too.
  var status = stat()
  guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
  let probe = martlet_stream_socket(AF_UNIX)
  guard probe >= 0 else { return }
  defer { Glibc.close(probe) }
  let code = try? SocketAddress.unix(path).withKernelForm { pointer, length in
    Glibc.connect(probe, pointer, length) == 0 ? 0 : martlet_errno()
  }
  if code == ECONNREFUSED { unlink(path) }
}

/// The address of our end of a socket.
func boundAddress(of descriptor: Int32) throws(NetError) -> SocketAddress {
  var storage = sockaddr_storage()
  var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  let code = withUnsafeMutablePointer(to: &storage) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      getsockname(descriptor, $0, &length)
    }
  }
  guard code == 0, let address = SocketAddress(&storage) else {
    throw .systemCall(name: "getsockname", code: martlet_errno())
  }
  return address
}
