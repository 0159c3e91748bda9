internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema

extension WorkoutSchema.SampleColumns {
  init(_ columns: WorkoutCore.SampleColumns) {
    self.init()
    count = columns.count
    timeMs = columns.timeMs
    positionPresence = columns.positionPresence
    latitudeE7 = columns.latitudeE7
    longitudeE7 = columns.longitudeE7
    altitudeDm = columns.altitudeDm.map(WorkoutSchema.SensorColumn.init)
    heartRateBpm = columns.heartRateBpm.map(WorkoutSchema.SensorColumn.init)
    cadenceRpm = columns.cadenceRpm.map(WorkoutSchema.SensorColumn.init)
    speedCmps = columns.speedCmps.map(WorkoutSchema.SensorColumn.init)
    horizontalAccuracyDm = columns.horizontalAccuracyDm.map(WorkoutSchema.SensorColumn.init)
    powerWatts = columns.powerWatts.map(WorkoutSchema.SensorColumn.init)
    temperatureDecicelsius = columns.temperatureDecicelsius.map(WorkoutSchema.SensorColumn.init)
  }

  /// Samples as messages of at most `ServiceLimits.samplesPerChunk` each.
  static func chunks(of samples: [TrackSample]) -> [Self] {
    let size = ServiceLimits.samplesPerChunk
    return stride(from: 0, to: samples.count, by: size).map { start in
      let chunk = samples[start..<min(start + size, samples.count)]
      return Self(WorkoutCore.SampleColumns(encoding: chunk))
    }
  }

  /// The samples of a batch, each value checked; a failure names column, place and rule.
  func decoded(_ field: String) throws(RPCError) -> [TrackSample] {
    do throws(TrackError) {
      return try columns.samples(limit: ServiceLimits.samplesPerBatch)
    } catch {
      throw RPCError(.invalidArgument, "\(field).\(error)")
    }
  }

  private var columns: WorkoutCore.SampleColumns {
    var columns = WorkoutCore.SampleColumns()
    columns.count = count
    columns.timeMs = timeMs
    columns.positionPresence = positionPresence
    columns.latitudeE7 = latitudeE7
    columns.longitudeE7 = longitudeE7
    columns.altitudeDm = altitudeDm?.column
    columns.heartRateBpm = heartRateBpm?.column
    columns.cadenceRpm = cadenceRpm?.column
    columns.speedCmps = speedCmps?.column
    columns.horizontalAccuracyDm = horizontalAccuracyDm?.column
    columns.powerWatts = powerWatts?.column
    columns.temperatureDecicelsius = temperatureDecicelsius?.column
    return columns
  }
}

extension WorkoutSchema.SensorColumn {
  init(_ column: WorkoutCore.SensorColumn) {
    self.init()
    presence = column.presence
    values = column.values
  }

  fileprivate var column: WorkoutCore.SensorColumn {
    WorkoutCore.SensorColumn(presence: presence, values: values)
  }
}
