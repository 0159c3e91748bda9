internal import MartletRPC
internal import WorkoutStore

/// Logs what an operator has to know of what handlers throw: a disk or a file that is in trouble,
/// not what somebody asked for in vain.
struct TroubleReporter: ServerInterceptor {
  let log: ServiceLog

  func intercept(_ call: ServerCall, next: () async throws -> Void) async throws {
    do {
      try await next()
    } catch let error as StoreError {
      if error.isTrouble {
        log.error("store-refused", ["method": call.method, "reason": String(describing: error)])
      }
      throw error
    } catch let error as CryptoError {
      log.error("crypto-failed", ["method": call.method, "reason": error.description])
      throw error
    }
  }
}
