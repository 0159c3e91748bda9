internal import MartletNet

/// zlib's contexts of one event loop: made when a message first needs one, used by one message at
/// a time, and freed when none has been needed for a while.
///
/// Messages are compressed and inflated whole, without a break on the loop, so one context of a
/// kind is enough for all calls of the loop, and an open call costs none. Confined to the loop.
final class CompressionContexts {
  private let loop: EventLoop
  /// How long contexts are kept unused, at most twice this.
  private let keptTime: Duration
  private var inflater: Inflater?
  private var deflaters: [Deflater] = []
  private var wasUsed = false
  private var timer: LoopTimer?

  /// Contexts for compressing that are kept: gzip and deflate at one level.
  private static let maxDeflaters = 2

  init(loop: EventLoop, keptTime: Duration = .seconds(5)) {
    self.loop = loop
    self.keptTime = keptTime
  }

  /// Inflates a message and hands it to `body`.
  func inflate<Result>(
    _ input: UnsafeRawBufferPointer,
    _ algorithm: CompressionAlgorithm,
    limit: Int,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(InflateError) -> Result {
    noteUse()
    guard let inflater = inflater ?? Inflater() else { throw .outOfMemory }
    // Whatever `body` does, it finds no context that is in use.
    self.inflater = nil
    defer { self.inflater = inflater }
    return try inflater.inflate(input, algorithm, limit: limit, body)
  }

  /// The frame compressed, or as it was when that saves nothing.
  func compress(_ frame: [UInt8], _ algorithm: CompressionAlgorithm, level: Int) -> [UInt8] {
    noteUse()
    return deflater(algorithm, level)?.compress(frame) ?? frame
  }

  private func deflater(_ algorithm: CompressionAlgorithm, _ level: Int) -> Deflater? {
    if let found = deflaters.first(where: { $0.algorithm == algorithm && $0.level == level }) {
      return found
    }
    guard let made = Deflater(algorithm, level: level) else { return nil }
    if deflaters.count >= Self.maxDeflaters { deflaters.removeFirst() }
    deflaters.append(made)
    return made
  }

  private func noteUse() {
    assert(loop.isCurrent)
    if timer == nil { watchUse() }
    wasUsed = true
  }

  private func watchUse() {
    wasUsed = false
    timer = loop.schedule(after: keptTime) { [weak self] in self?.checkUse() }
  }

  private func checkUse() {
    timer = nil
    if wasUsed { return watchUse() }
    inflater = nil
    deflaters = []
  }

  /// Whether any context is held.
  var isEmpty: Bool { inflater == nil && deflaters.isEmpty }
}
