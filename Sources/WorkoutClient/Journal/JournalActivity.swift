package import WorkoutCore

/// An activity as the journal knows it.
package struct JournalActivity: Sendable, Hashable {
  /// What describes it, chosen when it starts.
  package struct Header: Sendable, Hashable {
    package var id: ActivityID
    package var device: DeviceID
    package var type: ActivityType
    /// Device's clock, milliseconds since 1970-01-01T00:00:00Z.
    package var startedAtMs: Int64
    /// IANA name; may be empty.
    package var timeZone: String
    package var title: String
    package var visibility: Visibility
    /// The file that is replayed, as an absolute path; empty for sensors.
    package var source: String

    package init(
      id: ActivityID,
      device: DeviceID,
      type: ActivityType,
      startedAtMs: Int64,
      timeZone: String = "",
      title: String = "",
      visibility: Visibility = .friends,
      source: String = ""
    ) {
      self.id = id
      self.device = device
      self.type = type
      self.startedAtMs = startedAtMs
      self.timeZone = timeZone
      self.title = title
      self.visibility = visibility
      self.source = source
    }
  }

  package var header: Header
  /// Samples appended so far: sequences 0 to this, exclusive.
  package var sampleCount: UInt64
  /// Events appended so far.
  package var eventCount: UInt64
  /// The server holds all samples below this sequence.
  package var acknowledgedSamples: UInt64
  /// The server holds all events below this sequence.
  package var acknowledgedEvents: UInt64
  /// Whether a FINISH or DISCARD was appended: nothing can follow.
  package var isEnded: Bool
  /// Whether the server has settled it; its samples are gone from the journal.
  package var isCompleted: Bool
}

/// A button press in the journal.
package struct JournalEvent: Sendable, Hashable {
  /// It follows all samples below this sequence.
  package var afterSample: UInt64
  package var event: ActivityEvent

  package init(afterSample: UInt64, event: ActivityEvent) {
    self.afterSample = afterSample
    self.event = event
  }
}

/// Why the journal did not do what it was asked to.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of fault it is.
  public enum Kind: Sendable, Hashable {
    /// The disk is full.
    case full
    /// The file is damaged or no journal.
    case damaged
    /// The file cannot be opened, read or written.
    case inaccessible
    /// There is no such activity in it.
    case unknownActivity
    /// The activity has ended, so nothing can be appended.
    case ended
    /// A limit of the journal is met.
    case limit
    /// A value that a sample or an activity cannot have.
    case invalid
  }

  /// What kind of fault it is.
  public var kind: Kind

  /// What happened, in words.
  public var message: String

  /// The message.
  public var description: String { message }
}

/// What one journal holds at most.
package enum JournalLimits {
  /// Samples in one activity.
  package static let samplesPerActivity = UInt64(CoreLimits.maxSamplesPerStream)
  /// Events in one activity.
  package static let eventsPerActivity = UInt64(CoreLimits.maxEventsPerActivity)
  /// Samples in one append, and so in one row.
  package static let samplesPerAppend = CoreLimits.maxSamplesPerColumns
  /// Activities that wait for the server.
  package static let openActivities = 10_000
  /// Completed activities that are remembered, so that they are not recorded twice.
  package static let completedActivities = 1_000
}
