/// Where an activity stands: created -> recording <-> paused -> completed, or discarded.
///
/// A value that is told what happened, in any order and as often as it comes, and says where that
/// leads by the devices' clocks. `docs/activity-life.dot` draws it. What does not fit, a resume
/// without a pause or a pause after the end, is a button pressed twice or a late event: it changes
/// nothing. The first finish ends the activity; a discard wins over all, whenever it was, because
/// what is thrown away cannot be brought back by an event that arrives later.
package struct ActivityLife: Sendable, Hashable {
  /// A stretch in which the athlete had pressed pause.
  package struct Pause: Sendable, Hashable {
    /// Begin, milliseconds since 1970-01-01T00:00:00Z.
    package var startMs: Int64
    /// End; `nil` while it lasts.
    package var endMs: Int64?

    /// A pause that lasts unless it has an end.
    package init(startMs: Int64, endMs: Int64? = nil) {
      self.startMs = startMs
      self.endMs = endMs
    }
  }

  /// What the events lead to.
  package struct Course: Sendable, Hashable {
    /// Where it stands.
    package var state: ActivityState
    /// The pauses in order; only the last may last still.
    package var pauses: [Pause] = []
    /// When the lap button was pressed, in order.
    package var lapsMs: [Int64] = []
    /// When it ended; `nil` unless it is completed.
    package var endedAtMs: Int64?

    /// A course that has just come to a state.
    package init(state: ActivityState) {
      self.state = state
    }
  }

  /// The earliest start that was told; `nil` before any.
  package private(set) var startedAtMs: Int64?
  /// The events so far.
  package private(set) var events = SequencedLog<ActivityEvent>()

  /// An activity that has not begun.
  package init() {}

  /// Begins to record; the earliest start holds.
  package mutating func start(atMs timeMs: Int64) {
    startedAtMs = min(startedAtMs ?? timeMs, timeMs)
  }

  /// Takes an event; one that is there already changes nothing.
  package mutating func add(_ event: ActivityEvent, device: DeviceID, sequence: UInt64) {
    events.add(event, device: device, sequence: sequence)
  }

  /// Takes all that another life was told.
  package mutating func merge(_ other: ActivityLife) {
    if let start = other.startedAtMs { self.start(atMs: start) }
    events.merge(other.events)
  }

  /// Where it stands.
  ///
  /// - Complexity: O(events)
  package var state: ActivityState { course.state }

  /// Where it stands and how it came there.
  ///
  /// - Complexity: O(events)
  package var course: Course {
    let isStarted = startedAtMs != nil || events.count > 0
    return Self.course(
      of: events.sorted().map(\.element),
      from: isStarted ? .recording : .created
    )
  }

  /// What events that are sorted by time lead to.
  package static func course(
    of events: some Collection<ActivityEvent>,
    from state: ActivityState = .recording
  ) -> Course {
    var course = Course(state: state)
    for event in events { course.apply(event) }
    return course
  }
}

extension ActivityLife.Course {
  fileprivate mutating func apply(_ event: ActivityEvent) {
    switch (state, event.type) {
    case (.discarded, _):
      break
    case (_, .discard):
      state = .discarded
      endedAtMs = nil
    case (.recording, .pause):
      state = .paused
      pauses.append(ActivityLife.Pause(startMs: event.timeMs))
    case (.paused, .resume):
      state = .recording
      endPause(atMs: event.timeMs)
    case (.recording, .finish), (.paused, .finish):
      endPause(atMs: event.timeMs)
      state = .completed
      endedAtMs = event.timeMs
    case (.recording, .lap), (.paused, .lap):
      lapsMs.append(event.timeMs)
    case (.created, _), (.completed, _), (.recording, .resume), (.paused, .pause),
      (_, .unspecified):
      break
    }
  }

  private mutating func endPause(atMs timeMs: Int64) {
    guard let last = pauses.indices.last, pauses[last].endMs == nil else { return }
    pauses[last].endMs = timeMs
  }
}
