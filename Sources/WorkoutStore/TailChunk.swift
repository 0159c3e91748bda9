internal import WorkoutCore

/// What one append made durable, as it waits in the journal and in memory to be settled.
struct TailChunk: Sendable, Hashable {
  var device: DeviceID
  var firstSequence: UInt64
  var sampleCount: Int
  /// `TrackEncoder`'s form: a quarter of the samples' size in memory.
  var samples: [UInt8]
  var firstEventSequence: UInt64
  var events: [ActivityEvent]

  /// Where the device goes on after it.
  var end: TrackProgress {
    TrackProgress(
      nextSequence: firstSequence + UInt64(sampleCount),
      nextEventSequence: firstEventSequence + UInt64(events.count)
    )
  }
}

extension StoredTrack.Device {
  /// Adds what of the chunk is not there yet.
  ///
  /// Throws `sequenceGap` when the chunk starts later than this ends, `io` for bytes that are no
  /// samples.
  mutating func extend(with chunk: TailChunk) throws(StoreError) {
    guard chunk.firstSequence <= progress.nextSequence || chunk.sampleCount == 0 else {
      throw .sequenceGap(expected: progress.nextSequence, received: chunk.firstSequence)
    }
    guard chunk.firstEventSequence <= progress.nextEventSequence || chunk.events.isEmpty else {
      throw .eventSequenceGap(
        expected: progress.nextEventSequence,
        received: chunk.firstEventSequence
      )
    }
    if chunk.end.nextSequence > progress.nextSequence {
      let decoded = try Self.decode(chunk.samples)
      samples += decoded.dropFirst(Int(progress.nextSequence - chunk.firstSequence))
      progress.nextSequence = chunk.end.nextSequence
    }
    if chunk.end.nextEventSequence > progress.nextEventSequence {
      events += chunk.events.dropFirst(
        Int(progress.nextEventSequence - chunk.firstEventSequence)
      )
      progress.nextEventSequence = chunk.end.nextEventSequence
    }
  }

  /// Samples that this process or its journal has encoded, so that failure is no user's fault.
  static func decode(_ bytes: [UInt8]) throws(StoreError) -> [TrackSample] {
    do {
      return try TrackDecoder.decode(bytes)
    } catch {
      throw .invalid(field: "stored samples: \(error)")
    }
  }
}

extension [ActivityEvent] {
  /// How the events end the activity, if they do; a discard wins.
  var closingState: ActivityState? {
    if contains(where: { $0.type == .discard }) { return .discarded }
    return contains { $0.type == .finish } ? .completed : nil
  }

  /// Recording or paused after the last of these buttons; `nil` when none was pressed.
  var runningState: ActivityState? {
    for event in reversed() {
      if event.type == .pause { return .paused }
      if event.type == .resume { return .recording }
    }
    return nil
  }
}
