/// What a call has sent, as long as it could have to be sent again.
struct ReplayBuffer {
  /// Most calls send one frame, which needs no list.
  private var first: [UInt8]?
  private var others: [[UInt8]] = []
  private(set) var bytes = 0
  /// False once something was dropped: then the call cannot be made again.
  private(set) var isWhole = true

  var isEmpty: Bool { first == nil }

  mutating func append(_ frame: [UInt8]) {
    if first == nil { first = frame } else { others.append(frame) }
    bytes += frame.count
  }

  /// Gives each frame to `body`, in order.
  func forEach(_ body: ([UInt8]) -> Void) {
    guard let first else { return }
    body(first)
    for frame in others { body(frame) }
  }

  mutating func drop() {
    isWhole = false
    first = nil
    others = []
    bytes = 0
  }
}
