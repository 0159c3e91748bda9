import Testing
import WorkoutCore

@Suite("Life of an activity")
struct ActivityLifeTests {
  private typealias Pause = ActivityLife.Pause

  private func course(_ events: [(ActivityEvent.Kind, Int64)]) -> ActivityLife.Course {
    ActivityLife.course(of: events.map { ActivityEvent(type: $0.0, timeMs: $0.1) })
  }

  @Test("it is created, then records, pauses, resumes and ends")
  func wholeLife() {
    var life = ActivityLife()
    #expect(life.state == .created)
    life.start(atMs: 5)
    life.start(atMs: 3)
    #expect(life.startedAtMs == 3)
    #expect(life.state == .recording)
    let events: [(ActivityEvent.Kind, ActivityState)] = [
      (.pause, .paused), (.lap, .paused), (.resume, .recording), (.pause, .paused),
      (.finish, .completed), (.discard, .discarded),
    ]
    for (index, (kind, state)) in events.enumerated() {
      life.add(
        ActivityEvent(type: kind, timeMs: Int64(10 * index + 10)),
        device: TrackTests.phone,
        sequence: UInt64(index)
      )
      #expect(life.state == state)
    }
    #expect(
      life.course.pauses == [Pause(startMs: 10, endMs: 30), Pause(startMs: 40, endMs: 50)]
    )
    #expect(life.course.lapsMs == [20])
  }

  @Test("buttons pressed twice or out of place change nothing")
  func outOfPlace() {
    #expect(course([(.resume, 1)]) == ActivityLife.Course(state: .recording))
    #expect(course([(.pause, 1), (.pause, 2)]).pauses == [Pause(startMs: 1)])
    let ended = course([(.finish, 1), (.pause, 2), (.finish, 3), (.lap, 4)])
    #expect(ended.state == .completed)
    #expect(ended.endedAtMs == 1)
    #expect(ended.pauses.isEmpty && ended.lapsMs.isEmpty)
  }

  @Test("a discard wins over all, whenever it was and whenever it comes")
  func discard() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      var life = ActivityLife()
      let events: [(ActivityEvent.Kind, Int64)] = [(.finish, 10), (.discard, 20), (.resume, 30)]
      for index in order {
        let event = ActivityEvent(type: events[index].0, timeMs: events[index].1)
        life.add(event, device: TrackTests.phone, sequence: UInt64(index))
      }
      #expect(life.state == .discarded)
      #expect(life.course.endedAtMs == nil)
    }
  }

  @Test("any order and repetition of events lead to the same", arguments: 0..<30)
  func anyOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let kinds: [ActivityEvent.Kind] = [.pause, .resume, .lap, .pause, .resume, .finish]
    let told = (0..<12).map { index in
      (
        event: ActivityEvent(
          type: kinds[Int.random(in: 0..<kinds.count, using: &generator)],
          timeMs: Int64.random(in: 0..<20, using: &generator)
        ),
        device: generator.chance(oneIn: 3) ? TrackTests.watch : TrackTests.phone,
        sequence: UInt64(index)
      )
    }
    func life(_ told: [(event: ActivityEvent, device: DeviceID, sequence: UInt64)]) -> ActivityLife
    {
      told.reduce(into: ActivityLife()) { life, one in
        life.add(one.event, device: one.device, sequence: one.sequence)
      }
    }
    let expected = life(told)
    let shuffled = life(told.shuffled(using: &generator) + told.prefix(4))
    #expect(shuffled == expected)
    #expect(shuffled.course == expected.course)
    var merged = life(Array(told[6...]))
    merged.merge(life(Array(told[..<9])))
    #expect(merged == expected)
    // Pauses never overlap and never run backwards, whatever the events were.
    let pauses = expected.course.pauses
    #expect(pauses.allSatisfy { ($0.endMs ?? .max) >= $0.startMs })
    #expect(zip(pauses, pauses.dropFirst()).allSatisfy { ($0.endMs ?? .max) <= $1.startMs })
  }
}
