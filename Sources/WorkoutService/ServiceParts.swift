internal import MartletRPC
internal import WorkoutCore
package import WorkoutStore

/// What all handlers stand on.
package struct ServiceParts: Sendable {
  package var store: any ShardStore
  package var hub: LiveHub
  package var clock: ServiceClock
  package var log: ServiceLog

  package init(store: any ShardStore, hub: LiveHub, clock: ServiceClock, log: ServiceLog) {
    self.store = store
    self.hub = hub
    self.clock = clock
    self.log = log
  }
}

extension ServiceParts {
  /// The status for whatever went wrong in a task of a call; what an operator has to know is
  /// logged.
  func refusal(_ error: any Error) -> RPCError {
    if let error = error as? StoreError, error.isTrouble {
      log.error("store-refused", ["reason": String(describing: error)])
    }
    switch error {
    case let error as RPCError: return error
    case let error as any RPCErrorConvertible: return error.rpcError
    case is CancellationError: return RPCError(.cancelled, "the call was cancelled")
    default: return RPCError(.internal, "the service failed")
    }
  }

  /// Counts an activity from the store; off the loop when there is much to count.
  func countedNumbers(_ header: ActivityHeader, isNew: Bool) async throws -> LiveNumbers {
    let now = clock.monotonic()
    guard !isNew else {
      return LiveNumbers(header: header, track: StoredTrack(devices: []), now: now)
    }
    let track = try await store.track(of: header.id)
    return try await heavy(samples: track.sampleCount) {
      LiveNumbers(header: header, track: track, now: now)
    }
  }

  /// Does work that takes about a microsecond a sample, off the loop if that is long.
  func heavy<T: Sendable>(
    samples: Int,
    _ work: @escaping @Sendable () throws -> T
  ) async throws -> T {
    samples <= ServiceLimits.samplesOnLoop ? try work() : try await offLoop(work)
  }
}

extension StoredTrack {
  /// Samples of all devices.
  var sampleCount: Int { devices.reduce(0) { $0 + $1.samples.count } }
}
