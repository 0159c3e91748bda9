package import MartletRPC
internal import WorkoutCore
package import WorkoutSchema
internal import WorkoutStore

/// Answers `martlet.v1.HistoryService`.
package final class HistoryHandler: HistoryServiceHandler {
  private let parts: ServiceParts

  init(parts: ServiceParts) { self.parts = parts }

  package func listActivities(
    _ request: ListActivitiesRequest,
    _ call: ServerCall
  ) async throws -> ListActivitiesResponse {
    let caller = try call.caller()
    let filters = try ActivityFilters(request, caller: caller.user)
    let query = ActivityQuery(
      sources: try await sources(request, caller.user),
      types: filters.types,
      startedFromMs: request.startedFromMs,
      startedBeforeMs: request.startedBeforeMs,
      after: filters.after,
      limit: filters.pageSize
    )
    let page = try await parts.store.activities(query)
    if !page.unavailable.isEmpty {
      parts.log.error("list-incomplete", ["people": String(page.unavailable.count)])
    }
    var response = ListActivitiesResponse()
    response.activities = try await activities(page.activities)
    response.nextPageToken = filters.token(for: page.next)
    return response
  }

  package func getActivity(
    _ request: GetActivityRequest,
    _ call: ServerCall
  ) async throws -> GetActivityResponse {
    let record = try await record(request.activityId, call)
    let current = try await parts.current(record)
    let owner = try await parts.store.people([current.header.owner])[current.header.owner]
    var response = GetActivityResponse()
    response.activity = WorkoutSchema.Activity(
      current.header,
      owner: owner,
      statistics: current.statistics
    )
    return response
  }

  package func getTrack(
    _ request: GetTrackRequest,
    _ call: ServerCall
  ) async throws -> GetTrackResponse {
    let record = try await record(request.activityId, call)
    let track = try await parts.store.track(of: record.header.id)
    return try await parts.heavy(samples: track.sampleCount) {
      let samples = track.samples
      var response = GetTrackResponse()
      response.samples = WorkoutSchema.SampleColumns.chunks(
        of: Thinning.thin(samples, limit: Int(clamping: request.maxSamples))
      )
      response.events = track.events.map { WorkoutSchema.ActivityEvent($0) }
      response.totalSamples = UInt64(samples.count)
      return response
    }
  }

  private func record(_ text: String, _ call: ServerCall) async throws -> ActivityRecord {
    let id: ActivityID = try Validation.id(text, "activity_id")
    let caller = try call.caller()
    guard let record = try await parts.visibleActivity(id, to: caller.user) else {
      throw RPCError(.notFound, "no such activity")
    }
    return record
  }

  private func activities(_ records: [ActivityRecord]) async throws -> [WorkoutSchema.Activity] {
    let owners = try await parts.store.people(Array(Set(records.map(\.header.owner))))
    var activities: [WorkoutSchema.Activity] = []
    for record in records {
      let current = try await parts.current(record)
      activities.append(
        WorkoutSchema.Activity(
          current.header,
          owner: owners[current.header.owner],
          statistics: current.statistics,
          withSplits: false
        )
      )
    }
    return activities
  }

  // MARK: Whose

  private func sources(
    _ request: ListActivitiesRequest,
    _ caller: UserID
  ) async throws -> [ActivitySource] {
    let own = ActivitySource(user: caller, audience: nil)
    guard request.username.isEmpty else {
      let person = try await parts.store.user(named: request.username)
      guard let person else { throw Self.notFriend }
      if person.id == caller { return [own] }
      guard try await parts.areFriends(person.id, caller) else { throw Self.notFriend }
      return [ActivitySource(user: person.id, audience: .friends)]
    }
    switch request.scope {
    case .friends: return try await friends(of: caller)
    case .all: return [own] + (try await friends(of: caller))
    default: return [own]
    }
  }

  private static var notFriend: RPCError {
    RPCError(.notFound, "username: no friend of yours has that name")
  }

  private func friends(of user: UserID) async throws -> [ActivitySource] {
    var sources: [ActivitySource] = []
    var after: String?
    repeat {
      let page = try await parts.store.friends(
        of: user,
        state: .friends,
        after: after,
        limit: ServiceLimits.friendsPerPage.maximum
      )
      sources += page.friends.map { ActivitySource(user: $0.person.id, audience: .friends) }
      after = page.next
    } while after != nil
    return sources
  }
}
