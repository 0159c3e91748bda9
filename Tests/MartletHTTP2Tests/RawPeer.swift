import MartletHTTP2
import MartletNet
import Testing

/// A peer that sends whatever bytes a test wants and records the frames that come back.
final class RawPeer: TransportDelegate, @unchecked Sendable {
  struct Frame {
    var type: UInt8
    var flags: UInt8
    var stream: UInt32
    var payload: [UInt8]
  }

  let loop: EventLoop
  let other = ConnectionLog()
  private(set) var transport: Transport?
  private(set) var received: [UInt8] = []
  private(set) var isClosed = false

  /// The role is that of the connection under test.
  init(
    against role: HTTP2Connection.Role,
    configuration: HTTP2Configuration = HTTP2Configuration(),
    fragment: Int = .max
  ) async throws {
    loop = try EventLoop()
    try loop.start()
    try await on(loop) { [self] in
      let ends = Transport.pipe(loop, loop, fragment: fragment)
      transport = ends.client
      ends.client.open(delegate: self)
      other.connection = HTTP2Connection(
        role: role,
        transport: ends.server,
        configuration: configuration,
        delegate: other
      )
    }
  }

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4)
  /// `:method POST`, `:scheme http`, `:path /`, `:authority a`, all from HPACK's static table.
  static let requestBlock: [UInt8] = [0x83, 0x86, 0x84, 0x01, 0x01, 0x61]

  static func frame(
    type: UInt8,
    flags: UInt8 = 0,
    stream: UInt32 = 0,
    _ payload: [UInt8] = []
  ) -> [UInt8] {
    let count = UInt32(payload.count)
    return [UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff), type, flags]
      + withUnsafeBytes(of: stream.bigEndian) { Array($0) } + payload
  }

  func send(_ bytes: [UInt8]) async throws {
    try await on(loop) { [self] in bytes.withUnsafeBytes { transport?.write($0) } }
  }

  func stop() async {
    await loop.stopAndWait()
    other.connection = nil
  }

  var frames: [Frame] {
    var frames: [Frame] = []
    var rest = received[...]
    // A client begins with the text of its preface.
    if rest.starts(with: Self.preface.prefix(24)) { rest = rest.dropFirst(24) }
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let count = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      let stream = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      rest = rest.dropFirst(9)
      frames.append(
        Frame(type: head[3], flags: head[4], stream: stream, payload: Array(rest.prefix(count)))
      )
      rest = rest.dropFirst(count)
    }
    return frames
  }

  /// The error code of the last GOAWAY.
  var goAway: UInt32? {
    frames.last { $0.type == 7 }?.payload[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
  }

  /// The error codes of all GOAWAY frames.
  var goAways: [UInt32] {
    frames.filter { $0.type == 7 }
      .map { $0.payload[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
  }

  /// The debug data of the last GOAWAY.
  var goAwayText: String? {
    frames.last { $0.type == 7 }.map { String(decoding: $0.payload[8...], as: UTF8.self) }
  }

  func transportDidOpen(_ transport: Transport) {}
  func transport(_ transport: Transport, didRead bytes: UnsafeRawBufferPointer) {
    received.append(contentsOf: bytes)
  }
  func transportDidReachEnd(_ transport: Transport) { transport.closeInOrder() }
  func transportWillFlush(_ transport: Transport) {}
  func transportDidClose(_ transport: Transport, error: NetError?) { isClosed = true }
}
