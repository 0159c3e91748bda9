internal import MartletRPC
internal import WorkoutCore
internal import WorkoutSchema
internal import WorkoutStore

/// The checked filters of a list of activities, and the page tokens that belong to them.
struct ActivityFilters: Sendable {
  let types: Set<WorkoutCore.ActivityType>
  let pageSize: Int
  /// Where the page before ended.
  let after: ActivityPosition?
  private let token: PageToken

  init(_ request: ListActivitiesRequest, caller: UserID) throws {
    pageSize = try Validation.pageSize(request.pageSize, ServiceLimits.activitiesPerPage)
    guard ListScope.allNamed.contains(request.scope) else {
      throw Validation.fail("scope", "\(request.scope.rawValue) is not a known scope")
    }
    guard request.username.utf8.count <= ServiceLimits.identifierBytes else {
      throw Validation.fail("username", "is too long")
    }
    types = try Self.types(request.types)
    if let from = request.startedFromMs, let before = request.startedBeforeMs, from >= before {
      throw Validation.fail("started_before_ms", "must be after started_from_ms")
    }
    // The caller belongs to the filters: another's token would mean another list.
    let scope = request.scope == .unspecified ? ListScope.own : request.scope
    let filters = [
      caller.text, String(scope.rawValue), request.username,
      types.map(\.rawValue).sorted().map { String($0) }.joined(separator: ","),
      request.startedFromMs.map { String($0) } ?? "-",
      request.startedBeforeMs.map { String($0) } ?? "-",
    ]
    token = try PageToken(.activities, filters: filters.joined(separator: " "))
    after = try token.position(request.pageToken).map(Self.position)
  }

  /// The token for the page that begins after a position; empty for none.
  func token(for next: ActivityPosition?) -> String {
    token.text(
      next.map { next in
        let time = UInt64(bitPattern: next.startedAtMs)
        return stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: time >> $0) }
          + next.id.bytes
      }
    )
  }

  private static func position(_ bytes: [UInt8]) throws(RPCError) -> ActivityPosition {
    guard bytes.count == 24, let id = ActivityID(bytes: bytes[8...]) else {
      throw Validation.fail("page_token", "is not one that this server gave")
    }
    let time = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return ActivityPosition(startedAtMs: Int64(bitPattern: time), id: id)
  }

  private static func types(
    _ types: [WorkoutSchema.ActivityType]
  ) throws(RPCError) -> Set<WorkoutCore.ActivityType> {
    var known: Set<WorkoutCore.ActivityType> = []
    for (index, type) in types.enumerated() {
      guard let type = WorkoutCore.ActivityType(type) else {
        throw Validation.fail("types[\(index)]", "\(type.rawValue) is not a known type")
      }
      known.insert(type)
    }
    return known
  }
}
