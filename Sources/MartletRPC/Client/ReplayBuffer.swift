/// What a call has sent, as long as it could have to be sent again.
struct ReplayBuffer {
  private(set) var frames: [[UInt8]] = []
  private(set) var bytes = 0
  /// False once something was dropped: then the call cannot be made again.
  private(set) var isWhole = true

  mutating func append(_ frame: [UInt8]) {
    frames.append(frame)
    bytes += frame.count
  }

  mutating func drop() {
    isWhole = false
    frames = []
    bytes = 0
  }
}
