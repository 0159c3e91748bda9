public import WorkoutSchema

/// What happens while an activity is sent: for showing, not for deciding.
public enum TrackingUpdate: Sendable {
  /// The server answered; samples are on their way.
  case connected

  /// The stream is gone; the recorder goes on and will try again where that can help.
  case disconnected(TrackingFailure)

  /// The server acknowledged something, or people began or ceased to watch.
  case progress(TrackingProgress)

  /// The numbers so far, by the server's engine.
  case statistics(Statistics)
}

/// How far an activity has come.
public struct TrackingProgress: Sendable {
  /// Samples in the journal.
  public var recordedSamples: UInt64

  /// Samples that were sent at least once.
  public var sentSamples: UInt64

  /// Samples that are on the server's disk.
  public var durableSamples: UInt64

  /// People watching now.
  public var watchers: UInt32

  /// The activity as the server settled it; nil before that.
  public var completed: Activity?
}
