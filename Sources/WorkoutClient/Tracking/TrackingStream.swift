/// One open stream: how far it was sent, and whether it shows signs of life.
struct TrackingStream: Sendable {
  typealias Time = TrackingSession.Time

  var nextSample: UInt64 = 0
  var nextEvent: UInt64 = 0
  /// Since when there are samples that wait to be sent.
  var unsentSince: Time?
  private(set) var openedAt: Time = 0
  /// The sample that the server wanted when the stream opened.
  private(set) var firstWanted: UInt64 = 0
  /// Whether the server said that the activity is completed or discarded already.
  private(set) var isSettled = false
  private var idleTimeoutMilliseconds: Int64 = 0
  private var lastSent: Time = 0
  private var lastReceived: Time = 0
  private var heartbeatSince: Time?
  private var heartbeatID: UInt64 = 0

  init() {}

  init(opened: TrackingAnswer.Opened, now: Time) {
    nextSample = opened.next.samples
    nextEvent = opened.next.events
    firstWanted = opened.next.samples
    isSettled = opened.isSettled
    idleTimeoutMilliseconds = Int64(opened.idleTimeoutMilliseconds)
    openedAt = now
    lastSent = now
    lastReceived = now
  }

  mutating func received(_ now: Time) {
    lastReceived = now
    heartbeatSince = nil
  }

  mutating func sent(_ batch: (samples: Range<UInt64>, events: Range<UInt64>), _ now: Time) {
    nextSample = batch.samples.upperBound
    nextEvent = batch.events.upperBound
    lastSent = now
  }

  /// Notes that a heartbeat goes out now, and returns its number.
  mutating func beat(_ now: Time) -> UInt64 {
    heartbeatSince = now
    lastSent = now
    heartbeatID += 1
    return heartbeatID
  }

  /// A third of what the server tolerates: two beats may be lost.
  private func heartbeatInterval(_ settings: TrackingSettings) -> Int64 {
    guard idleTimeoutMilliseconds > 0 else { return settings.heartbeatMilliseconds }
    return min(settings.heartbeatMilliseconds, max(200, idleTimeoutMilliseconds / 3))
  }

  func needsHeartbeat(_ settings: TrackingSettings, _ now: Time) -> Bool {
    heartbeatSince == nil
      && now - min(lastSent, lastReceived) >= heartbeatInterval(settings)
  }

  func isStuck(_ settings: TrackingSettings, _ now: Time) -> Bool {
    heartbeatSince.map { now - $0 >= settings.heartbeatTimeoutMilliseconds } ?? false
  }

  func wakeTime(_ settings: TrackingSettings, interval: Int64?) -> Time {
    let sign: Time
    if let heartbeatSince {
      sign = heartbeatSince + settings.heartbeatTimeoutMilliseconds
    } else {
      sign = min(lastSent, lastReceived) + heartbeatInterval(settings)
    }
    guard let unsentSince, let interval else { return sign }
    return min(sign, unsentSince + interval)
  }
}
