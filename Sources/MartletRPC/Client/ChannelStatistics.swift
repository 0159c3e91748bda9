/// What a channel has done so far.
public struct ChannelStatistics: Sendable, Hashable {
  /// Calls that were begun.
  public internal(set) var callsStarted = 0
  /// Calls that ended with OK.
  public internal(set) var callsSucceeded = 0
  /// Calls that ended otherwise, given up ones included.
  public internal(set) var callsFailed = 0
  /// Attempts after the first that a retry policy made.
  public internal(set) var retries = 0
  /// Attempts after the first that were made because the server had provably not looked at the
  /// call.
  public internal(set) var transparentRetries = 0
  /// Retries that were not made because too much had failed.
  public internal(set) var retriesThrottled = 0
  /// Calls that could not be made again because more had been sent than is kept.
  public internal(set) var replaysDropped = 0
  /// Attempts to connect that began.
  public internal(set) var connectionAttempts = 0
}
