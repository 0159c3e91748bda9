package import MartletRPC
internal import WorkoutCore
package import WorkoutSchema
internal import WorkoutStore

/// Answers `martlet.v1.FriendService`.
package final class FriendHandler: FriendServiceHandler {
  private let parts: ServiceParts

  init(parts: ServiceParts) { self.parts = parts }

  package func requestFriend(
    _ request: RequestFriendRequest,
    _ call: ServerCall
  ) async throws -> RequestFriendResponse {
    let caller = try call.caller()
    let other = try await person(request.username)
    let record = try await parts.store.requestFriend(
      other.id,
      by: caller.user,
      atMs: parts.clock.wallMilliseconds()
    )
    // The other's own request may have waited.
    if record.state == .friends {
      parts.hub.bus.publish(.friendshipChanged(caller.user, other.id))
    }
    parts.log.info("friend-requested", ["user": caller.user.text, "other": other.id.text])
    var response = RequestFriendResponse()
    response.friend = Friend(record)
    return response
  }

  package func acceptFriend(
    _ request: AcceptFriendRequest,
    _ call: ServerCall
  ) async throws -> AcceptFriendResponse {
    let caller = try call.caller()
    let other = try await person(request.username)
    let record = try await parts.store.acceptFriend(
      other.id,
      by: caller.user,
      atMs: parts.clock.wallMilliseconds()
    )
    parts.hub.bus.publish(.friendshipChanged(caller.user, other.id))
    parts.log.info("friend-accepted", ["user": caller.user.text, "other": other.id.text])
    var response = AcceptFriendResponse()
    response.friend = Friend(record)
    return response
  }

  package func removeFriend(
    _ request: RemoveFriendRequest,
    _ call: ServerCall
  ) async throws -> RemoveFriendResponse {
    let caller = try call.caller()
    let other = try await person(request.username)
    var response = RemoveFriendResponse()
    response.removed = try await parts.store.removeFriend(
      other.id,
      by: caller.user,
      atMs: parts.clock.wallMilliseconds()
    )
    // Whoever of the two watches the other is asked for the right again.
    parts.hub.bus.publish(.friendshipChanged(caller.user, other.id))
    parts.log.info("friend-removed", ["user": caller.user.text, "other": other.id.text])
    return response
  }

  package func listFriends(
    _ request: ListFriendsRequest,
    _ call: ServerCall
  ) async throws -> ListFriendsResponse {
    let caller = try call.caller()
    let limit = try Validation.pageSize(request.pageSize, ServiceLimits.friendsPerPage)
    let token = try PageToken(
      .friends,
      filters: "\(caller.user.text) \(request.state.rawValue)"
    )
    let after = try token.position(request.pageToken).map { bytes throws(RPCError) in
      guard let name = String(validating: bytes, as: UTF8.self) else {
        throw Validation.fail("page_token", "is not one that this server gave")
      }
      return name
    }
    let page = try await parts.store.friends(
      of: caller.user,
      state: try Self.state(request.state),
      after: after,
      limit: limit
    )
    var response = ListFriendsResponse()
    response.friends = page.friends.map(Friend.init)
    response.nextPageToken = token.text(page.next.map { [UInt8]($0.utf8) })
    return response
  }

  /// The person of that username; a text that cannot be one is nobody's.
  private func person(_ username: String) async throws -> PersonRecord {
    guard username.utf8.count <= ServiceLimits.identifierBytes,
      let user = try await parts.store.user(named: username)
    else { throw RPCError(.notFound, "username: nobody has that name") }
    return user.person
  }

  private static func state(
    _ state: WorkoutSchema.FriendState
  ) throws(RPCError) -> WorkoutStore.FriendState? {
    if state == .unspecified { return nil }
    guard let raw = UInt8(exactly: state.rawValue),
      let known = WorkoutStore.FriendState(rawValue: raw)
    else { throw Validation.fail("state", "\(state.rawValue) is not a known state") }
    return known
  }
}

extension WorkoutSchema.Friend {
  init(_ record: FriendRecord) {
    self.init()
    user = User(record.person)
    state = WorkoutSchema.FriendState(rawValue: Int32(record.state.rawValue))
    sinceMs = record.sinceMs
  }
}
