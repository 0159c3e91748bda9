import Glibc
import TestFiles
import Testing
import WorkoutClient
import WorkoutCore

extension TemporaryDirectory {
  /// What a killed process leaves behind: the files as they are, with nothing closed.
  func copyFiles(to other: TemporaryDirectory) throws {
    for name in names where !name.hasSuffix("-shm") {
      let from = try #require(fopen("\(path)/\(name)", "r"))
      let to = try #require(fopen("\(other.path)/\(name)", "w"))
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = fread(&buffer, 1, buffer.count, from)
        if count == 0 { break }
        fwrite(buffer, 1, count, to)
      }
      fclose(from)
      fclose(to)
    }
  }
}

private func makeHeader(title: String = "Läufe") throws -> JournalActivity.Header {
  var random = SystemRandomNumberGenerator()
  return JournalActivity.Header(
    id: ActivityID.make(timeMs: 1_700_000_000_000, using: &random),
    device: try #require(DeviceID("0190c0de-0000-7000-8000-000000000001")),
    type: .run,
    startedAtMs: 1_700_000_000_000,
    timeZone: "Europe/Ljubljana",
    title: title,
    source: "/tmp/a.gpx"
  )
}

private func makeSamples(_ range: Range<Int64>) -> [TrackSample] {
  range.map {
    var sample = TrackSample(
      timeMs: 1_700_000_000_000 + $0 * 1000,
      latitudeE7: Int32($0 * 7),
      longitudeE7: Int32(-$0)
    )
    if $0 % 3 == 0 { sample.heartRateBpm = 150 }
    return sample
  }
}

@Suite struct DeviceJournalTests {
  let directory: TemporaryDirectory
  let journal: DeviceJournal

  init() throws {
    directory = try TemporaryDirectory()
    journal = try DeviceJournal(path: "\(directory.path)/journal.sqlite")
  }

  @Test("an activity reads back as it was started")
  func start() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    let activity = try await journal.activity(header.id)
    #expect(activity.header == header)
    #expect(activity.sampleCount == 0 && activity.eventCount == 0)
    #expect(!activity.isEnded && !activity.isCompleted)
    #expect(try await journal.openActivities() == [activity])
    await #expect(throws: JournalError.self) { try await journal.start(header) }
  }

  @Test("any range of samples reads back, whatever the appends were")
  func ranges() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    let samples = makeSamples(0..<500)
    var next = 0
    for size in [1, 1, 97, 1, 300, 100] {
      let end = try await journal.append(Array(samples[next..<next + size]), to: header.id)
      next += size
      #expect(end == UInt64(next))
    }
    for range in [0..<500, 0..<1, 1..<2, 1..<3, 98..<101, 99..<100, 350..<450, 499..<500] {
      let read = try await journal.samples(
        UInt64(range.lowerBound)..<UInt64(range.upperBound),
        of: header.id
      )
      #expect(read == Array(samples[range]), "\(range)")
    }
    #expect(try await journal.samples(490..<900, of: header.id) == Array(samples[490...]))
    #expect(try await journal.samples(500..<900, of: header.id) == [])
  }

  @Test("events keep their place among the samples, and FINISH is the end")
  func events() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    try await journal.append(makeSamples(0..<10), to: header.id)
    let pause = ActivityEvent(type: .pause, timeMs: 1_700_000_009_000)
    let finish = ActivityEvent(type: .finish, timeMs: 1_700_000_019_000)
    try await journal.append(pause, to: header.id)
    try await journal.append(makeSamples(10..<20), to: header.id)
    try await journal.append(finish, to: header.id)
    #expect(
      try await journal.events(of: header.id) == [
        JournalEvent(afterSample: 10, event: pause), JournalEvent(afterSample: 20, event: finish),
      ]
    )
    #expect(try await journal.activity(header.id).isEnded)
    for attempt in 0..<2 {
      let error = await #expect(throws: JournalError.self) {
        if attempt == 0 {
          try await journal.append(makeSamples(20..<21), to: header.id)
        } else {
          try await journal.append(pause, to: header.id)
        }
      }
      #expect(error?.kind == .ended)
    }
  }

  @Test("an activity with as many events as it holds can still be finished")
  func fullOfEvents() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    let lap = ActivityEvent(type: .lap, timeMs: 1_700_000_009_000)
    for _ in 1..<JournalLimits.eventsPerActivity { try await journal.append(lap, to: header.id) }
    let error = await #expect(throws: JournalError.self) {
      try await journal.append(lap, to: header.id)
    }
    #expect(error?.kind == .limit)
    try await journal.append(ActivityEvent(type: .finish, timeMs: lap.timeMs), to: header.id)
    #expect(try await journal.activity(header.id).isEnded)
  }

  @Test("what was appended is there after the process was killed")
  func kill() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    for step in 0..<50 {
      try await journal.append(makeSamples(Int64(step * 7)..<Int64(step * 7 + 7)), to: header.id)
      guard step % 10 == 9 else { continue }
      let copy = try TemporaryDirectory()
      try directory.copyFiles(to: copy)
      let survivor = try DeviceJournal(path: "\(copy.path)/journal.sqlite")
      let count = UInt64(step * 7 + 7)
      #expect(try await survivor.activity(header.id).sampleCount == count)
      #expect(
        try await survivor.samples(0..<count, of: header.id) == makeSamples(0..<Int64(count))
      )
      await survivor.close()
    }
  }

  @Test("completing forgets the samples but remembers the activity")
  func complete() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    try await journal.append(makeSamples(0..<10), to: header.id)
    try await journal.saveAcknowledged(samples: 7, events: 0, of: header.id)
    #expect(try await journal.activity(header.id).acknowledgedSamples == 7)
    #expect(
      try await journal.samples(0..<10, of: header.id).count == 10,
      "acknowledged rows stay until completion"
    )
    try await journal.complete(header.id)
    try await journal.complete(header.id)
    #expect(try await journal.samples(0..<10, of: header.id) == [])
    #expect(try await journal.events(of: header.id) == [])
    #expect(try await journal.openActivities() == [])
    let activity = try await journal.activity(header.id)
    #expect(activity.isCompleted && activity.acknowledgedSamples == 10)
    await #expect(throws: JournalError.self) { try await journal.start(header) }
  }

  @Test("samples out of range, empty and oversized appends are refused and change nothing")
  func refusals() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    var bad = TrackSample(timeMs: 1000)
    bad.heartRateBpm = 999
    for samples in [[bad], [], makeSamples(0..<3601)] {
      await #expect(throws: JournalError.self) { try await journal.append(samples, to: header.id) }
    }
    #expect(try await journal.activity(header.id).sampleCount == 0)
    let other = try makeHeader()
    let error = await #expect(throws: JournalError.self) {
      try await journal.append(makeSamples(0..<1), to: other.id)
    }
    #expect(error?.kind == .unknownActivity)
  }

  @Test("a damaged row is noticed, and another program's file refused")
  func damage() async throws {
    let header = try makeHeader()
    try await journal.start(header)
    try await journal.append(makeSamples(0..<100), to: header.id)
    await journal.close()
    let path = "\(directory.path)/journal.sqlite"
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let file = try #require(fopen(path, "r+"))
    let size = fread(&bytes, 1, bytes.count, file)
    // The stored samples start with version 1 and the count; flip a bit well behind that.
    let place = try #require((0..<size - 1).last { bytes[$0] == 1 && bytes[$0 + 1] == 100 })
    fseek(file, place + 40, SEEK_SET)
    fputc(Int32(bytes[place + 40] ^ 1), file)
    fclose(file)
    let reopened = try DeviceJournal(path: path)
    let error = await #expect(throws: JournalError.self) {
      try await reopened.samples(0..<100, of: header.id)
    }
    #expect(error?.kind == .damaged)
    await reopened.close()

    let foreign = "\(directory.path)/foreign"
    let text = try #require(fopen(foreign, "w"))
    fputs(String(repeating: "no journal ", count: 200), text)
    fclose(text)
    let refusal = #expect(throws: JournalError.self) { try DeviceJournal(path: foreign) }
    #expect(refusal?.kind == .damaged)
  }
}
