/// Keeps fixes out that no athlete could have reached.
///
/// A fix is suspected when the way to it from the last good one is impossibly fast. Suspects that
/// agree with each other prove the last good one wrong: then the track goes on from them, and the
/// jump between is no way anybody went.
struct OutlierGate: Sendable, Hashable {
  private(set) var last: Fix?
  private var suspects: [Fix] = []
  private let impossibleSpeedMps: Double

  init(impossibleSpeedMps: Double) {
    self.impossibleSpeedMps = impossibleSpeedMps
  }

  enum Verdict {
    /// The first fix of a stretch.
    case start
    /// A leg from the last good fix, metres.
    case leg(Double)
    /// No way to tell yet, or the same moment again.
    case ignored
    /// The last fixes were right, and what was before them belongs to another stretch.
    case jump(to: [Fix])
  }

  mutating func judge(_ fix: Fix, accuracyDm: UInt16?) -> Verdict {
    guard let last else {
      last = fix
      return .start
    }
    guard fix.timeMs > last.timeMs else { return .ignored }
    let meters = last.meters(to: fix)
    let slack = max(StatisticsRules.fixSlackMeters, Double(accuracyDm ?? 0) / 10)
    if isPossible(meters, from: last, to: fix, slack: slack) {
      self.last = fix
      if !suspects.isEmpty { suspects.removeAll(keepingCapacity: true) }
      return .leg(meters)
    }
    return suspect(fix, slack: slack)
  }

  /// Forgets all: the next fix begins a stretch.
  mutating func reset() {
    last = nil
    suspects.removeAll(keepingCapacity: true)
  }

  private mutating func suspect(_ fix: Fix, slack: Double) -> Verdict {
    if let previous = suspects.last {
      guard fix.timeMs > previous.timeMs else { return .ignored }
      let meters = previous.meters(to: fix)
      if !isPossible(meters, from: previous, to: fix, slack: slack) { suspects.removeAll() }
    }
    suspects.append(fix)
    guard suspects.count >= StatisticsRules.convincingFixes else { return .ignored }
    let convincing = suspects
    suspects.removeAll(keepingCapacity: true)
    last = fix
    return .jump(to: convincing)
  }

  private func isPossible(_ meters: Double, from: Fix, to: Fix, slack: Double) -> Bool {
    meters <= impossibleSpeedMps * Double(to.timeMs - from.timeMs) / 1_000 + slack
  }
}
