internal import WorkoutCore

/// What the journal's thread knows of one live activity: where each device goes on, and what is
/// in the journal and not settled in the bucket file yet.
///
/// An append is staged, then committed with its whole group or abandoned with it; so that repeats
/// inside of a group are recognised, and nothing is left of a group whose commit failed.
final class LiveTail {
  struct Device {
    var id: DeviceID
    /// What is on the disk.
    var durable: TrackProgress
    /// What will be when the group commits.
    var staged: TrackProgress
  }

  /// A chunk and the journal file that holds it.
  struct Waiting {
    var chunk: TailChunk
    var file: Int
  }

  let activity: ActivityID
  let owner: UserID
  let bucket: Int
  private(set) var devices: [Device]
  private(set) var waiting: [Waiting] = []
  private(set) var waitingSamples = 0
  /// How a durable event ended the activity.
  private(set) var closing: ActivityState?
  private var stagedClosing: ActivityState?
  /// Recording or paused by the last durable button; `nil` when none was pressed since it was
  /// loaded.
  private(set) var running: ActivityState?
  private(set) var lastAppendAtMs: Int64
  /// Why nothing more is taken: the bucket file is damaged.
  var refusal: StoreError?
  /// Whether a copy of the first chunks is on its way into the bucket file.
  var isFlushing = false

  init(activity: ActivityID, bucket: Int, settled: SettledProgress, nowMs: Int64) {
    self.activity = activity
    self.bucket = bucket
    owner = settled.owner
    devices = settled.devices.map { Device(id: $0.key, durable: $0.value, staged: $0.value) }
    lastAppendAtMs = nowMs
  }

  enum Staging {
    /// Everything had been there, or will be when the group commits.
    case repeated(TrackProgress)
    /// New, and where the device goes on after it.
    case staged(TailChunk, TrackProgress)
    case refused(StoreError)
  }

  /// Judges an append against what is there and what is staged, and stages what is new of it.
  func stage(_ append: PendingAppend) -> Staging {
    if let refusal { return .refused(refusal) }
    let place = devices.firstIndex { $0.id == append.chunk.device }
    let current = place.map { devices[$0].staged } ?? TrackProgress()
    do throws(StoreError) {
      guard let chunk = try append.newPart(after: current) else { return .repeated(current) }
      if let state = stagedClosing { throw .activityClosed(state) }
      guard place != nil || devices.count < StoreLimits.maxDevicesPerActivity else {
        throw .overloaded(limit: "maxDevicesPerActivity")
      }
      stagedClosing = chunk.events.closingState
      let device = place ?? devices.endIndex
      if place == nil {
        devices.append(
          Device(id: chunk.device, durable: TrackProgress(), staged: TrackProgress())
        )
      }
      devices[device].staged = chunk.end
      return .staged(chunk, chunk.end)
    } catch {
      return .refused(error)
    }
  }

  /// The chunk is on the disk, in that journal file.
  func commit(_ chunk: TailChunk, file: Int, nowMs: Int64) {
    if let place = devices.firstIndex(where: { $0.id == chunk.device }) {
      devices[place].durable = chunk.end
    }
    if closing == nil { closing = chunk.events.closingState }
    running = chunk.events.runningState ?? running
    waiting.append(Waiting(chunk: chunk, file: file))
    waitingSamples += chunk.sampleCount
    lastAppendAtMs = nowMs
  }

  /// The commit failed: everything is as before the group.
  func abandon() {
    for place in devices.indices { devices[place].staged = devices[place].durable }
    devices.removeAll { $0.durable == TrackProgress() }
    stagedClosing = closing
  }

  /// Takes a chunk over from the journal at start-up; false when something before it is missing.
  func recover(_ chunk: TailChunk, file: Int, nowMs: Int64) -> Bool {
    let durable = progress(of: chunk.device)
    guard chunk.firstSequence <= durable.nextSequence || chunk.sampleCount == 0,
      chunk.firstEventSequence <= durable.nextEventSequence || chunk.events.isEmpty
    else { return false }
    let end = chunk.end
    guard
      end.nextSequence > durable.nextSequence
        || end.nextEventSequence > durable.nextEventSequence
    else { return true }
    let reached = TrackProgress(
      nextSequence: max(end.nextSequence, durable.nextSequence),
      nextEventSequence: max(end.nextEventSequence, durable.nextEventSequence)
    )
    if !devices.contains(where: { $0.id == chunk.device }) {
      devices.append(Device(id: chunk.device, durable: durable, staged: durable))
    }
    commit(chunk, file: file, nowMs: nowMs)
    for place in devices.indices where devices[place].id == chunk.device {
      devices[place].durable = reached
      devices[place].staged = reached
    }
    stagedClosing = closing
    return true
  }

  /// The first chunks are settled; returns the journal files they were in.
  func settle(first count: Int) -> [Int] {
    let settled = waiting.prefix(count)
    waitingSamples -= settled.reduce(0) { $0 + $1.chunk.sampleCount }
    let files = settled.map(\.file)
    waiting.removeFirst(settled.count)
    return files
  }

  func progress(of device: DeviceID) -> TrackProgress {
    devices.first { $0.id == device }?.durable ?? TrackProgress()
  }

  var flush: TailFlush { TailFlush(activity: activity, chunks: waiting.map(\.chunk)) }
}

/// An append on its way to the journal.
struct PendingAppend: Sendable {
  let activity: ActivityID
  /// Everything that came, encoded where it came in.
  let chunk: TailChunk
  /// The samples themselves, should the chunk need trimming.
  let samples: [TrackSample]
  /// Gets where the device goes on; `nil` when the activity is not in memory.
  let reply: Reply<TrackProgress?>

  /// What of it lies beyond the progress; `nil` when nothing does.
  ///
  /// Throws for a gap, and over the limits of an activity.
  func newPart(after progress: TrackProgress) throws(StoreError) -> TailChunk? {
    let (next, nextEvent) = (progress.nextSequence, progress.nextEventSequence)
    if chunk.sampleCount > 0, chunk.firstSequence > next {
      throw .sequenceGap(expected: next, received: chunk.firstSequence)
    }
    if !chunk.events.isEmpty, chunk.firstEventSequence > nextEvent {
      throw .eventSequenceGap(expected: nextEvent, received: chunk.firstEventSequence)
    }
    let oldSamples = chunk.sampleCount == 0 ? 0 : Int(min(next - chunk.firstSequence, 1 << 32))
    let oldEvents =
      chunk.events.isEmpty ? 0 : Int(min(nextEvent - chunk.firstEventSequence, 1 << 32))
    let freshSamples = max(0, chunk.sampleCount - oldSamples)
    let freshEvents = chunk.events.dropFirst(oldEvents)
    guard freshSamples > 0 || !freshEvents.isEmpty else { return nil }
    guard next + UInt64(freshSamples) <= UInt64(CoreLimits.maxSamplesPerStream) else {
      throw .overloaded(limit: "maxSamplesPerStream")
    }
    guard nextEvent + UInt64(freshEvents.count) <= UInt64(CoreLimits.maxEventsPerActivity) else {
      throw .overloaded(limit: "maxEventsPerActivity")
    }
    var part = chunk
    part.firstSequence = next
    part.firstEventSequence = nextEvent
    part.events = Array(freshEvents)
    if freshSamples != chunk.sampleCount {
      part.sampleCount = freshSamples
      part.samples =
        freshSamples == 0 ? [] : TrackEncoder.encode(samples.suffix(freshSamples))
    }
    return part
  }
}
