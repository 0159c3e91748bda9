internal import CLinux
internal import Glibc

/// What moves a transport's bytes.
enum Carrier {
  case socket(Int32)
  case pipe(PipeEnd)
  /// Released.
  case none

  var pipeEnd: PipeEnd? {
    if case .pipe(let end) = self { return end }
    return nil
  }

  var localAddress: SocketAddress? {
    switch self {
    case .socket(let descriptor): try? boundAddress(of: descriptor)
    case .pipe: .pipe
    case .none: nil
    }
  }

  /// Sends what is taken at once; 0 when the other side is full for now.
  func send(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
    switch self {
    case .socket(let descriptor):
      let sent = martlet_send(descriptor, bytes.baseAddress, bytes.count)
      if sent >= 0 { return sent }
      let code = martlet_errno()
      if code == EAGAIN || code == EINTR { return 0 }
      if code == EPIPE || code == ECONNRESET { throw .closedByPeer }
      throw .systemCall(name: "send", code: code)
    case .pipe(let end): return try end.send(bytes)
    case .none: throw .closedByPeer
    }
  }

  /// Tells the peer that nothing more will come.
  func endWriting() {
    switch self {
    case .socket(let descriptor): _ = shutdown(descriptor, Int32(SHUT_WR))
    case .pipe(let end): end.endWriting()
    case .none: break
    }
  }

  mutating func release() {
    switch self {
    case .socket(let descriptor): close(descriptor)
    case .pipe(let end): end.cut()
    case .none: break
    }
    self = .none
  }
}
