/// One end of an in-memory connection, confined to its loop; the other end may be on another.
///
/// It behaves as a socket does: bytes arrive later, never within `send`; only so many are under way,
/// and the sender learns when the receiver has taken them; an end and a cut differ.
final class PipeEnd: @unchecked Sendable {
  let loop: EventLoop
  weak var transport: Transport?
  /// Bytes are delivered in pieces of this size, to test those who must not care.
  let fragment: Int
  private let capacity: Int
  private weak var peer: PipeEnd?

  private var underWay = 0
  private var wantsRoom = false
  private var isCut = false
  private var reads = false
  private var arrived: [[UInt8]] = []
  private var endArrived = false

  private init(loop: EventLoop, fragment: Int) {
    self.loop = loop
    self.fragment = fragment
    capacity = loop.limits.pipeCapacity
  }

  static func pair(_ first: EventLoop, _ second: EventLoop, fragment: Int) -> (PipeEnd, PipeEnd) {
    let ends = (PipeEnd(loop: first, fragment: fragment), PipeEnd(loop: second, fragment: fragment))
    ends.0.peer = ends.1
    ends.1.peer = ends.0
    return ends
  }

  // MARK: Sending, on our loop

  func send(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
    guard !isCut, let peer else { throw .closedByPeer }
    let count = min(bytes.count, capacity - underWay)
    wantsRoom = count < bytes.count
    guard count > 0 else { return 0 }
    underWay += count
    let piece = [UInt8](bytes.prefix(count))
    peer.loop.execute { peer.receive(piece) }
    return count
  }

  func endWriting() {
    guard let peer else { return }
    peer.loop.execute { peer.receiveEnd() }
  }

  /// Like closing a socket: what is under way still arrives, then the peer sees the end.
  func cut() {
    guard !isCut else { return }
    isCut = true
    arrived = []
    guard let peer else { return }
    peer.loop.execute { peer.receiveCut() }
  }

  private func peerTook(_ count: Int) {
    underWay -= count
    if wantsRoom { transport?.carrierBecameWritable() }
  }

  // MARK: Receiving, on our loop

  func setReading(_ value: Bool) {
    let resumes = value && !reads
    reads = value
    if resumes { loop.execute { [self] in deliver() } }
  }

  private func receive(_ piece: [UInt8]) {
    arrived.append(piece)
    deliver()
  }

  private func receiveEnd() {
    endArrived = true
    deliver()
  }

  private func receiveCut() {
    endArrived = true
    isCut = true
    deliver()
  }

  private func deliver() {
    guard let transport else { return }
    while reads, !arrived.isEmpty {
      let piece = arrived.removeFirst()
      var start = 0
      while start < piece.count {
        let end = min(piece.count, start + fragment)
        piece.withUnsafeBytes {
          transport.received(UnsafeRawBufferPointer(rebasing: $0[start..<end]))
        }
        start = end
      }
      guard let peer else { continue }
      let count = piece.count
      peer.loop.execute { peer.peerTook(count) }
    }
    if endArrived, arrived.isEmpty { transport.carrierReachedEnd() }
  }
}
