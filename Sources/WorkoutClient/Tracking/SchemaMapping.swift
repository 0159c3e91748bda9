package import WorkoutCore
package import WorkoutSchema

// The wire's messages as the core's values, and back. Enumerations share their numbers.

extension WorkoutSchema.SampleColumns {
  /// The message for columns.
  package init(_ columns: WorkoutCore.SampleColumns) {
    self.init()
    count = columns.count
    timeMs = columns.timeMs
    positionPresence = columns.positionPresence
    latitudeE7 = columns.latitudeE7
    longitudeE7 = columns.longitudeE7
    altitudeDm = columns.altitudeDm.map(SensorColumn.init)
    heartRateBpm = columns.heartRateBpm.map(SensorColumn.init)
    cadenceRpm = columns.cadenceRpm.map(SensorColumn.init)
    speedCmps = columns.speedCmps.map(SensorColumn.init)
    horizontalAccuracyDm = columns.horizontalAccuracyDm.map(SensorColumn.init)
    powerWatts = columns.powerWatts.map(SensorColumn.init)
    temperatureDecicelsius = columns.temperatureDecicelsius.map(SensorColumn.init)
  }
}

extension WorkoutSchema.SensorColumn {
  fileprivate init(_ column: WorkoutCore.SensorColumn) {
    self.init()
    presence = column.presence
    values = column.values
  }
}

extension WorkoutCore.SampleColumns {
  /// The columns of a message; their lengths and values are checked when samples are made of them.
  package init(_ message: WorkoutSchema.SampleColumns) {
    self.init()
    count = message.count
    timeMs = message.timeMs
    positionPresence = message.positionPresence
    latitudeE7 = message.latitudeE7
    longitudeE7 = message.longitudeE7
    altitudeDm = message.altitudeDm.map(SensorColumn.init)
    heartRateBpm = message.heartRateBpm.map(SensorColumn.init)
    cadenceRpm = message.cadenceRpm.map(SensorColumn.init)
    speedCmps = message.speedCmps.map(SensorColumn.init)
    horizontalAccuracyDm = message.horizontalAccuracyDm.map(SensorColumn.init)
    powerWatts = message.powerWatts.map(SensorColumn.init)
    temperatureDecicelsius = message.temperatureDecicelsius.map(SensorColumn.init)
  }
}

extension WorkoutCore.SensorColumn {
  fileprivate init(_ message: WorkoutSchema.SensorColumn) {
    self.init(presence: message.presence, values: message.values)
  }
}

extension [WorkoutSchema.SampleColumns] {
  /// The samples of all chunks together.
  ///
  /// - Returns: The samples in order.
  /// - Throws: `TrackError` when a chunk is malformed or they are more than an activity holds.
  package func samples() throws(TrackError) -> [TrackSample] {
    var samples: [TrackSample] = []
    for chunk in self {
      samples += try WorkoutCore.SampleColumns(chunk).samples()
      guard samples.count <= CoreLimits.maxSamplesPerStream else {
        let limit = CoreLimits.maxSamplesPerStream
        throw TrackError(.count, .tooMany(count: samples.count, limit: limit))
      }
    }
    return samples
  }
}

extension WorkoutSchema.ActivityEvent {
  init(_ event: WorkoutCore.ActivityEvent) {
    self.init()
    type = ActivityEventType(rawValue: Int32(event.type.rawValue))
    timeMs = event.timeMs
  }
}

extension TrackOpen {
  /// What opens the stream of an activity in the journal.
  init(_ header: JournalActivity.Header) {
    self.init()
    activityId = header.id.text
    deviceId = header.device.text
    type = ActivityType(rawValue: Int32(header.type.rawValue))
    startedAtMs = header.startedAtMs
    timeZone = header.timeZone
    title = header.title
    visibility = Visibility(rawValue: Int32(header.visibility.rawValue))
  }
}

extension TrackingAnswer {
  init(_ response: TrackResponse) {
    self.init(
      opened: response.opened.map {
        Opened(
          next: Point(samples: $0.nextSequence, events: $0.nextEventSequence),
          idleTimeoutMilliseconds: $0.idleTimeoutMs,
          isSettled: $0.state == .completed || $0.state == .discarded
        )
      },
      ack: response.ack.map { Point(samples: $0.nextSequence, events: $0.nextEventSequence) },
      policy: response.sendPolicy.map {
        Policy(intervalMilliseconds: $0.intervalMs, watchers: $0.watchers)
      },
      isCompleted: response.completed != nil
    )
  }
}
