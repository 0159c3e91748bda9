// Lets tests in other languages ask WorkoutCore for its numbers. Reads lines from standard input,
// writes JSON to standard output:
//
//   activity,TYPE,STARTED_AT_MS             first line; TYPE is the schema's number
//   sample,TIME_MS,LATITUDE_E7,LONGITUDE_E7,ALTITUDE_DM,HEART_RATE,CADENCE     fields may be empty
//   event,KIND,TIME_MS                      KIND is the schema's number
//   geodesic,LATITUDE_E7,LONGITUDE_E7,LATITUDE_E7,LONGITUDE_E7
//
// The answer: {"statistics": {...}, "track_length_meters": x, "geodesics": [...],
// "columns_agree": true, "stored_bytes": n}. A line that is none of these ends it with status 2.

internal import Glibc
internal import WorkoutCore

@main
enum WorkoutNumbers {
  static func main() {
    var workout = Workout()
    while let line = readLine() {
      guard workout.take(line.split(separator: ",", omittingEmptySubsequences: false)) else {
        print("{\"error\": \"cannot read: \(line)\"}")
        exit(2)
      }
    }
    print(workout.answer)
  }
}

private struct Workout {
  private var engine = StatisticsEngine(type: .unspecified, startedAtMs: 0)
  private var samples: [TrackSample] = []
  private var geodesics: [Double] = []

  mutating func take(_ fields: [Substring]) -> Bool {
    let numbers = fields.dropFirst().map { Int64($0) }
    switch (fields.first, numbers.count) {
    case ("activity", 2):
      guard let raw = numbers[0], let start = numbers[1] else { return false }
      guard let type = UInt8(exactly: raw).flatMap(ActivityType.init) else { return false }
      engine = StatisticsEngine(type: type, startedAtMs: start)
    case ("sample", 6):
      guard let sample = Self.sample(numbers) else { return false }
      samples.append(sample)
      engine.add(sample)
    case ("event", 2):
      guard let raw = numbers[0], let time = numbers[1] else { return false }
      guard let kind = UInt8(exactly: raw).flatMap(ActivityEvent.Kind.init) else { return false }
      engine.add(ActivityEvent(type: kind, timeMs: time))
    case ("geodesic", 4):
      let degrees = numbers.compactMap { $0.flatMap(Int32.init(exactly:)) }
      guard degrees.count == 4 else { return false }
      let start = Position(latitudeE7: degrees[0], longitudeE7: degrees[1])
      let end = Position(latitudeE7: degrees[2], longitudeE7: degrees[3])
      geodesics.append(Geodesic.distanceMeters(from: start, to: end))
    default:
      return false
    }
    return true
  }

  private static func sample(_ numbers: [Int64?]) -> TrackSample? {
    guard let time = numbers[0] else { return nil }
    var sample = TrackSample(timeMs: time)
    if let latitude = numbers[1].flatMap(Int32.init(exactly:)),
      let longitude = numbers[2].flatMap(Int32.init(exactly:))
    {
      sample.position = Position(latitudeE7: latitude, longitudeE7: longitude)
    }
    sample.altitudeDm = numbers[3].flatMap(Int32.init(exactly:))
    sample.heartRateBpm = numbers[4].flatMap(UInt16.init(exactly:))
    sample.cadenceRpm = numbers[5].flatMap(UInt16.init(exactly:))
    return sample.isValid ? sample : nil
  }

  var answer: String {
    let stored = TrackEncoder.encode(samples)
    let columns = SampleColumns(encoding: samples)
    let limit = samples.count
    let agree =
      (try? columns.samples(limit: limit)) == samples
      && (try? TrackDecoder.decode(stored)) == samples
    return """
      {"statistics": \(Self.json(engine.statistics())),
       "track_length_meters": \(trackLength(samples)),
       "geodesics": \(geodesics), "columns_agree": \(agree), "stored_bytes": \(stored.count)}
      """
  }

  private static func json(_ numbers: Statistics) -> String {
    let splits = numbers.splits.map { split in
      object([
        ("distance_meters", "\(split.distanceMeters)"), ("elapsed_ms", "\(split.elapsedMs)"),
        ("moving_ms", "\(split.movingMs)"), ("ascent_meters", "\(split.ascentMeters)"),
        ("average_heart_rate_bpm", text(split.averageHeartRateBpm)),
      ])
    }
    return object([
      ("sample_count", "\(numbers.sampleCount)"),
      ("distance_meters", "\(numbers.distanceMeters)"),
      ("elapsed_ms", "\(numbers.elapsedMs)"), ("moving_ms", "\(numbers.movingMs)"),
      ("ascent_meters", "\(numbers.ascentMeters)"),
      ("descent_meters", "\(numbers.descentMeters)"),
      ("average_speed_mps", text(numbers.averageSpeedMps)),
      ("max_speed_mps", text(numbers.maxSpeedMps)),
      ("average_heart_rate_bpm", text(numbers.averageHeartRateBpm)),
      ("max_heart_rate_bpm", text(numbers.maxHeartRateBpm)),
      ("average_cadence_rpm", text(numbers.averageCadenceRpm)),
      ("min_altitude_meters", text(numbers.minAltitudeMeters)),
      ("max_altitude_meters", text(numbers.maxAltitudeMeters)),
      ("splits", "[\(splits.joined(separator: ", "))]"),
    ])
  }

  private static func object(_ fields: [(String, String)]) -> String {
    "{\(fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}"
  }

  private static func text(_ number: (some CustomStringConvertible)?) -> String {
    number.map(\.description) ?? "null"
  }
}
