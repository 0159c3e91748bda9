/// The kind of sport; raw values are the schema's.
package enum ActivityType: UInt8, Sendable, Hashable, CaseIterable {
  /// Unknown; counts as walking.
  case unspecified = 0
  /// Running.
  case run = 1
  /// Walking.
  case walk = 2
  /// Hiking, mountaineering.
  case hike = 3
  /// Cycling.
  case ride = 4
  /// Swimming.
  case swim = 5
  /// Skiing of any kind.
  case ski = 6
  /// Rowing, kayaking, paddling.
  case row = 7
  /// Anything else.
  case other = 8
}

/// Where an activity stands; raw values are the schema's.
package enum ActivityState: UInt8, Sendable, Hashable, CaseIterable {
  /// Its id exists, recording has not begun. Never sent.
  case created = 0
  /// Samples come in and time counts.
  case recording = 1
  /// The athlete pressed pause.
  case paused = 2
  /// Finished.
  case completed = 3
  /// Thrown away by its owner.
  case discarded = 4

  /// Whether nothing can follow.
  package var isFinal: Bool { self == .completed || self == .discarded }
}

/// Who may see an activity besides its owner; raw values are the schema's.
package enum Visibility: UInt8, Sendable, Hashable, CaseIterable {
  /// Nobody.
  case onlyOwner = 1
  /// The owner's friends.
  case friends = 2
  /// Everyone who is signed in.
  case everyone = 3
}

/// What the athlete did with the buttons, by the device's clock.
package struct ActivityEvent: Sendable, Hashable {
  /// Which button; raw values are the schema's.
  package enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Nothing; it only keeps its place in the sequence.
    case unspecified = 0
    /// Stop counting time until `resume`.
    case pause = 1
    /// Count time again.
    case resume = 2
    /// The activity is over.
    case finish = 3
    /// The activity is to be thrown away.
    case discard = 4
    /// The lap button.
    case lap = 5
  }

  /// Which button.
  package var type: Kind
  /// Milliseconds since 1970-01-01T00:00:00Z.
  package var timeMs: Int64

  /// An event of the given kind and time.
  package init(type: Kind, timeMs: Int64) {
    self.type = type
    self.timeMs = timeMs
  }
}

/// What is known of an activity besides its samples, events and statistics.
package struct ActivityHeader: Sendable, Hashable {
  /// Made on the device.
  package var id: ActivityID
  /// Whose it is.
  package var owner: UserID
  /// The device that started it.
  package var device: DeviceID
  /// The kind of sport.
  package var type: ActivityType
  /// Where it stands.
  package var state: ActivityState
  /// Device's clock at the start, milliseconds since 1970-01-01T00:00:00Z.
  package var startedAtMs: Int64
  /// Device's clock at the end; `nil` until it is completed.
  package var endedAtMs: Int64?
  /// IANA name of the time zone at the start; may be empty.
  package var timeZone: String
  /// Up to `CoreLimits.maxTitleCharacters` characters; may be empty.
  package var title: String
  /// Who may see it.
  package var visibility: Visibility

  /// A header; what is left out has the value of an activity that just began.
  package init(
    id: ActivityID,
    owner: UserID,
    device: DeviceID,
    type: ActivityType,
    state: ActivityState = .recording,
    startedAtMs: Int64,
    endedAtMs: Int64? = nil,
    timeZone: String = "",
    title: String = "",
    visibility: Visibility = .friends
  ) {
    self.id = id
    self.owner = owner
    self.device = device
    self.type = type
    self.state = state
    self.startedAtMs = startedAtMs
    self.endedAtMs = endedAtMs
    self.timeZone = timeZone
    self.title = title
    self.visibility = visibility
  }
}
