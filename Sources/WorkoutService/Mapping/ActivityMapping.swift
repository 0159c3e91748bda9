internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

// Core's values <-> the schema's messages. Numbers of enumerations are the same on both sides.

extension WorkoutSchema.User {
  init(_ person: PersonRecord) {
    self.init()
    id = person.id.text
    username = person.username
    displayName = person.displayName
  }
}

extension WorkoutSchema.Activity {
  /// The message for an activity; lists leave the splits out.
  init(
    _ header: ActivityHeader,
    owner: PersonRecord?,
    statistics: WorkoutCore.Statistics,
    withSplits: Bool = true
  ) {
    self.init()
    id = header.id.text
    self.owner = owner.map { WorkoutSchema.User($0) }
    type = WorkoutSchema.ActivityType(rawValue: Int32(header.type.rawValue))
    state = WorkoutSchema.ActivityState(header.state)
    title = header.title
    startedAtMs = header.startedAtMs
    endedAtMs = header.endedAtMs
    timeZone = header.timeZone
    visibility = WorkoutSchema.Visibility(rawValue: Int32(header.visibility.rawValue))
    self.statistics = WorkoutSchema.Statistics(statistics, withSplits: withSplits)
  }
}

extension WorkoutSchema.ActivityState {
  init(_ state: WorkoutCore.ActivityState) {
    // `created` is never sent: an activity that was opened is being recorded.
    self.init(rawValue: state == .created ? 1 : Int32(state.rawValue))
  }
}

extension WorkoutSchema.Statistics {
  init(_ numbers: WorkoutCore.Statistics, withSplits: Bool = true) {
    self.init()
    sampleCount = numbers.sampleCount
    distanceMeters = numbers.distanceMeters
    elapsedMs = numbers.elapsedMs
    movingMs = numbers.movingMs
    ascentMeters = numbers.ascentMeters
    descentMeters = numbers.descentMeters
    averageSpeedMps = numbers.averageSpeedMps
    maxSpeedMps = numbers.maxSpeedMps
    averageHeartRateBpm = numbers.averageHeartRateBpm
    maxHeartRateBpm = numbers.maxHeartRateBpm
    averageCadenceRpm = numbers.averageCadenceRpm
    minAltitudeMeters = numbers.minAltitudeMeters
    maxAltitudeMeters = numbers.maxAltitudeMeters
    engineVersion = numbers.engineVersion
    if withSplits { splits = numbers.splits.map(WorkoutSchema.Split.init) }
  }
}

extension WorkoutSchema.Split {
  init(_ split: WorkoutCore.Split) {
    self.init()
    distanceMeters = split.distanceMeters
    elapsedMs = split.elapsedMs
    movingMs = split.movingMs
    ascentMeters = split.ascentMeters
    averageHeartRateBpm = split.averageHeartRateBpm
  }
}

extension WorkoutSchema.ActivityEvent {
  init(_ event: WorkoutCore.ActivityEvent) {
    self.init()
    type = ActivityEventType(rawValue: Int32(event.type.rawValue))
    timeMs = event.timeMs
  }
}

extension WorkoutCore.ActivityType {
  /// Nothing for a number that this version does not know.
  init?(_ type: WorkoutSchema.ActivityType) {
    guard let raw = UInt8(exactly: type.rawValue) else { return nil }
    self.init(rawValue: raw)
  }
}

extension WorkoutCore.Visibility {
  /// Nothing for a number that this version does not know; unspecified stands for friends.
  init?(_ visibility: WorkoutSchema.Visibility) {
    if visibility == .unspecified {
      self = .friends
    } else {
      guard let raw = UInt8(exactly: visibility.rawValue) else { return nil }
      self.init(rawValue: raw)
    }
  }
}
