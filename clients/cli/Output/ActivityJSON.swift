import WorkoutCore
import WorkoutSchema

// Names and units are the schema's; times stand besides in RFC 3339. What was not measured is left
// out.

extension JSONObject {
  /// An activity.
  init(_ activity: WorkoutSchema.Activity, withSplits: Bool) {
    add("id", activity.id)
    add("owner", activity.owner?.username ?? "")
    add("type", activity.type.words)
    add("state", activity.state.words)
    add("title", activity.title)
    add("started_at", Dates.utc(activity.startedAtMs))
    if let end = activity.endedAtMs { add("ended_at", Dates.utc(end)) }
    if !activity.timeZone.isEmpty { add("time_zone", activity.timeZone) }
    add("visibility", activity.visibility.words)
    if let statistics = activity.statistics {
      add("statistics", JSONObject(statistics, withSplits: withSplits).value)
    }
  }

  /// Statistics.
  init(_ statistics: WorkoutSchema.Statistics, withSplits: Bool) {
    add("sample_count", statistics.sampleCount)
    add("distance_meters", statistics.distanceMeters)
    add("elapsed_ms", statistics.elapsedMs)
    add("moving_ms", statistics.movingMs)
    add("ascent_meters", statistics.ascentMeters)
    add("descent_meters", statistics.descentMeters)
    add("average_speed_mps", statistics.averageSpeedMps)
    add("max_speed_mps", statistics.maxSpeedMps)
    add("average_heart_rate_bpm", statistics.averageHeartRateBpm)
    add("max_heart_rate_bpm", statistics.maxHeartRateBpm)
    add("average_cadence_rpm", statistics.averageCadenceRpm)
    add("min_altitude_meters", statistics.minAltitudeMeters)
    add("max_altitude_meters", statistics.maxAltitudeMeters)
    add("engine_version", statistics.engineVersion)
    if withSplits { add("splits", .array(statistics.splits.map { JSONObject($0).line })) }
  }

  private init(_ split: WorkoutSchema.Split) {
    add("distance_meters", split.distanceMeters)
    add("elapsed_ms", split.elapsedMs)
    add("moving_ms", split.movingMs)
    add("ascent_meters", split.ascentMeters)
    add("average_heart_rate_bpm", split.averageHeartRateBpm)
  }

  /// A sample in the schema's units.
  init(_ sample: TrackSample) {
    add("time_ms", sample.timeMs)
    add("latitude_e7", sample.position?.latitudeE7)
    add("longitude_e7", sample.position?.longitudeE7)
    add("altitude_dm", sample.altitudeDm)
    add("heart_rate_bpm", sample.heartRateBpm)
    add("cadence_rpm", sample.cadenceRpm)
    add("speed_cmps", sample.speedCmps)
    add("horizontal_accuracy_dm", sample.horizontalAccuracyDm)
    add("power_watts", sample.powerWatts)
    add("temperature_decicelsius", sample.temperatureDecicelsius)
  }

  /// An event.
  init(_ event: WorkoutSchema.ActivityEvent) {
    let kind = WorkoutCore.ActivityEvent.Kind(rawValue: UInt8(clamping: event.type.rawValue))
    add("event", kind.map { "\($0)" } ?? "unknown")
    add("at", Dates.utc(event.timeMs))
  }
}
