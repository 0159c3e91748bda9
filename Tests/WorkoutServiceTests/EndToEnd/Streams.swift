import MartletRPC
import Testing
import WorkoutCore
import WorkoutSchema

@testable import WorkoutService

/// A walk of a sample a second to the north-east.
enum Walk {
  static let startMs: Int64 = 1_790_000_000_000

  static func samples(_ sequences: Range<Int>, startMs: Int64 = startMs) -> [TrackSample] {
    sequences.map { sequence in
      var sample = TrackSample(
        timeMs: startMs + Int64(sequence) * 1000,
        latitudeE7: 460_000_000 + Int32(sequence) * 200,
        longitudeE7: 145_000_000 + Int32(sequence) * 150
      )
      sample.heartRateBpm = UInt16(120 + sequence % 40)
      sample.altitudeDm = 3000 + Int32(sequence % 100)
      return sample
    }
  }

  static func batch(
    _ sequences: Range<Int>,
    startMs: Int64 = startMs,
    events: [(ActivityEventType, Int)] = [],
    firstEvent: Int = 0
  ) -> TrackRequest {
    var batch = WorkoutSchema.TrackBatch()
    batch.firstSequence = UInt64(sequences.lowerBound)
    if !sequences.isEmpty {
      let samples = samples(sequences, startMs: startMs)
      batch.samples = WorkoutSchema.SampleColumns.chunks(of: samples).first
    }
    batch.firstEventSequence = UInt64(firstEvent)
    batch.events = events.map { type, second in
      var event = WorkoutSchema.ActivityEvent()
      event.type = type
      event.timeMs = startMs + Int64(second) * 1000
      return event
    }
    var request = TrackRequest()
    request.content = .batch(batch)
    return request
  }

  /// What the engine makes of the whole walk.
  static func statistics(_ count: Int, startMs: Int64 = startMs) -> WorkoutSchema.Statistics {
    var engine = StatisticsEngine(type: .run, startedAtMs: startMs)
    engine.add(samples(0..<count, startMs: startMs))
    return WorkoutSchema.Statistics(engine.statistics())
  }
}

extension [WorkoutSchema.SampleColumns] {
  /// The samples of all chunks.
  func decoded() throws -> [TrackSample] { try flatMap { try $0.decoded("samples") } }
}

/// A call of Track as a device makes it.
struct TrackStream {
  let call: ClientCall<TrackRequest, TrackResponse>

  init(person: Person) async throws { call = try await person.live.track(options: person.options) }

  /// Sends a request; when the server has ended the call already, the responses tell how.
  func send(_ request: TrackRequest) async throws {
    do throws(RPCError) {
      try await call.requests.send(request)
    } catch {
      guard error.code == .cancelled || error.code == .unavailable else { throw error }
    }
  }

  func heartbeat(_ id: UInt64) async throws {
    var heartbeat = Heartbeat()
    heartbeat.id = id
    var request = TrackRequest()
    request.content = .heartbeat(heartbeat)
    try await send(request)
  }

  /// The next response for which `part` gives something; others before it are passed over.
  func next<T>(_ part: (TrackResponse) -> T?) async throws -> T {
    for try await response in call.responses {
      if let value = part(response) { return value }
    }
    return try #require(nil, "the call ended with OK instead")
  }

  func opened() async throws -> TrackOpened { try await next(\.opened) }

  func acknowledged(_ sequence: Int) async throws {
    _ = try await next { response in
      response.ack.flatMap { $0.nextSequence >= UInt64(sequence) ? $0 : nil }
    }
  }

  /// The settled activity, after which the call ends with OK.
  func completed() async throws -> Activity {
    let activity = try await next(\.completed)
    for try await _ in call.responses { Issue.record("something came after the last message") }
    return activity
  }

  /// What the call ends with; whatever comes before is passed over.
  func end() async -> RPCError? {
    await failure { for try await _ in call.responses {} }
  }
}

/// A call of Watch as an app makes it.
struct WatchStream {
  let call: ClientCall<WatchRequest, WatchResponse>

  init(_ call: ClientCall<WatchRequest, WatchResponse>) { self.call = call }

  func next() async throws -> WatchResponse.Content {
    for try await response in call.responses { return try #require(response.content) }
    return try #require(nil, "the call ended with OK instead")
  }

  func snapshot() async throws -> WatchSnapshot {
    guard case .snapshot(let snapshot) = try await next() else {
      return try #require(nil, "no snapshot")
    }
    return snapshot
  }

  /// Reads to the end: all samples in order, the updates, and the activity.
  func all() async throws -> (samples: [TrackSample], updates: [WatchUpdate], last: Activity) {
    var samples: [TrackSample] = []
    var updates: [WatchUpdate] = []
    while true {
      switch try await next() {
      case .snapshot(let snapshot): samples += try snapshot.route.decoded()
      case .update(let update):
        samples += try update.samples.decoded()
        updates.append(update)
      case .completed(let activity):
        for try await _ in call.responses { Issue.record("something came after the end") }
        return (samples, updates, activity)
      }
    }
  }

  /// What the call ends with; whatever comes before is passed over.
  func end() async -> RPCError? {
    await failure { for try await _ in call.responses {} }
  }
}
