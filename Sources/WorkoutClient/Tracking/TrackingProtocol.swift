/// What the server says on a `Track` stream, as far as sending is concerned.
package struct TrackingAnswer: Sendable, Hashable {
  /// The next sample and event; everything below is on the server's disk.
  package struct Point: Sendable, Hashable {
    package var samples: UInt64
    package var events: UInt64

    package init(samples: UInt64, events: UInt64) {
      self.samples = samples
      self.events = events
    }
  }

  package struct Opened: Sendable, Hashable {
    package var next: Point
    /// How long the device may stay silent; 0 when the server does not say.
    package var idleTimeoutMilliseconds: UInt32
    /// Whether the activity is completed or discarded already.
    package var isSettled: Bool

    package init(next: Point, idleTimeoutMilliseconds: UInt32, isSettled: Bool) {
      self.next = next
      self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
      self.isSettled = isSettled
    }
  }

  package struct Policy: Sendable, Hashable {
    package var intervalMilliseconds: UInt32
    package var watchers: UInt32

    package init(intervalMilliseconds: UInt32, watchers: UInt32) {
      self.intervalMilliseconds = intervalMilliseconds
      self.watchers = watchers
    }
  }

  package var opened: Opened?
  package var ack: Point?
  package var policy: Policy?
  package var isCompleted: Bool

  package init(
    opened: Opened? = nil,
    ack: Point? = nil,
    policy: Policy? = nil,
    isCompleted: Bool = false
  ) {
    self.opened = opened
    self.ack = ack
    self.policy = policy
    self.isCompleted = isCompleted
  }
}

/// Why a stream ended, by what follows from it.
public enum TrackingFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Trying again may help: no network, server away, overloaded.
  case transient(String)

  /// The access token is missing, expired or revoked.
  case unauthenticated(String)

  /// The account may not do this.
  case denied(String)

  /// The server misses samples below those that were sent: resuming may help once.
  case gap(String)

  /// The server ended the stream without an error and without completing the activity.
  case ended

  /// Trying again cannot help.
  case permanent(String)

  /// What to tell the person.
  public var description: String {
    switch self {
    case .transient(let text), .unauthenticated(let text), .denied(let text), .gap(let text),
      .permanent(let text):
      text
    case .ended: "the server ended the stream"
    }
  }

  var isGap: Bool { if case .gap = self { true } else { false } }
}

/// How sending an activity ended.
public enum TrackingOutcome: Sendable, Hashable {
  /// The server has settled the activity: all of it is on its disk.
  case completed

  /// All that the journal holds is on the server's disk; the activity is not finished.
  case drained

  /// The person stopped it; the journal keeps what the server lacks.
  case stopped

  /// The server was not reached for the time given; the journal keeps what it lacks.
  case unreachable(TrackingFailure)

  /// The server refuses; the journal keeps everything.
  case failed(TrackingFailure)
}

/// Sizes and times of a tracking session.
public struct TrackingSettings: Sendable, Hashable {
  /// Samples in one batch; the protocol allows 3,600.
  public var maximumBatchSamples: UInt64 = 3600

  /// Events in one batch; the protocol allows 100.
  public var maximumBatchEvents: UInt64 = 100

  /// Samples sent ahead of their acknowledgement: bounds what lies in buffers on the way.
  public var maximumUnacknowledgedSamples: UInt64 = 14_400

  /// How old an unsent sample may get before the server has said how often to send.
  public var firstIntervalMilliseconds: Int64 = 1000

  /// Bounds on what the server may ask for.
  public var minimumIntervalMilliseconds: Int64 = 50

  /// See `minimumIntervalMilliseconds`.
  public var maximumIntervalMilliseconds: Int64 = 60_000

  /// How long `open` may go unanswered.
  public var openTimeoutMilliseconds: Int64 = 20_000

  /// A silent stream is asked for a sign of life this often, or at a third of the idle timeout
  /// that the server names, if that is shorter.
  public var heartbeatMilliseconds: Int64 = 15_000

  /// How long the sign of life may take.
  public var heartbeatTimeoutMilliseconds: Int64 = 10_000

  /// The first wait after a failure; it doubles with each failure in a row.
  public var firstBackoffMilliseconds: Int64 = 500

  /// The longest wait after a failure.
  public var maximumBackoffMilliseconds: Int64 = 30_000

  /// A stream that lived this long ends the row of failures.
  public var healthyMilliseconds: Int64 = 10_000

  /// How long to go on without any answer once the recording has ended; forever when nil.
  public var giveUpMilliseconds: Int64?

  /// Creates the defaults.
  public init() {}
}
