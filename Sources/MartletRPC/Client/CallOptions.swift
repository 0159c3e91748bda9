/// What a caller chooses for one call.
public struct CallOptions: Sendable {
  /// The metadata to send.
  public var metadata: Metadata
  /// How long the call may take in all; it fails with DEADLINE_EXCEEDED then, and the server is
  /// told to stop.
  ///
  /// Nil for no limit.
  public var timeout: Duration?
  /// Whether to wait for a connection, as long as the timeout allows, where the call would
  /// otherwise fail at once with UNAVAILABLE.
  public var waitForReady: Bool
  /// What the requests are compressed with; nil for what `ChannelConfiguration.compression` says.
  public var compression: CompressionAlgorithm?
  /// What few calls use; one word for those that do not.
  private(set) var extras: Extras?

  /// Whether a call made by a handler ends with the call that it answers, at the latest: it gets no
  /// more time than is left of that one's deadline, and is cancelled with it.
  ///
  /// It needs `CallPropagation` at the server, which says whose handler this is.
  public var inheritsCall = true

  /// Creates options.
  ///
  /// - Parameters:
  ///   - metadata: the metadata to send.
  ///   - timeout: how long the call may take in all; nil for no limit.
  ///   - waitForReady: whether to wait for a connection rather than fail at once.
  ///   - compression: what the requests are compressed with; nil for what the channel says.
  public init(
    metadata: Metadata = Metadata(),
    timeout: Duration? = nil,
    waitForReady: Bool = false,
    compression: CompressionAlgorithm? = nil
  ) {
    self.metadata = metadata
    self.timeout = timeout
    self.waitForReady = waitForReady
    self.compression = compression
  }
}

// MARK: What few calls use

extension CallOptions {
  struct Fields: Sendable {
    var deadline: ContinuousClock.Instant?
    var maxRequestMessageBytes: Int?
    var maxResponseMessageBytes: Int?
    var retry: RetryRule?
    var authority: String?
    var credentials: (any CallCredentials)?
    var report: CallReport?
  }

  /// Copied before it is changed, so that options are values.
  final class Extras: Sendable {
    let fields: Fields

    init(_ fields: Fields) {
      self.fields = fields
    }
  }

  private mutating func change(_ change: (inout Fields) -> Void) {
    var fields = extras?.fields ?? Fields()
    change(&fields)
    extras = Extras(fields)
  }

  /// When the call must be over; the earlier of this and `timeout` counts.
  public var deadline: ContinuousClock.Instant? {
    get { extras?.fields.deadline }
    set { change { $0.deadline = newValue } }
  }

  /// The largest request message, bytes; nil for the channel's limit.
  public var maxRequestMessageBytes: Int? {
    get { extras?.fields.maxRequestMessageBytes }
    set { change { $0.maxRequestMessageBytes = newValue } }
  }

  /// The largest response message, bytes; nil for the channel's limit.
  public var maxResponseMessageBytes: Int? {
    get { extras?.fields.maxResponseMessageBytes }
    set { change { $0.maxResponseMessageBytes = newValue } }
  }

  /// Whether the call is made again when it fails; nil for what the channel's configuration says.
  public var retry: RetryRule? {
    get { extras?.fields.retry }
    set { change { $0.retry = newValue } }
  }

  /// What stands in HTTP/2's `:authority` instead of the channel's own, for servers with several
  /// names; it changes nothing about which certificate is expected.
  ///
  /// It must be printable ASCII without spaces; the call fails with INTERNAL otherwise.
  public var authority: String? {
    get { extras?.fields.authority }
    set { change { $0.authority = newValue } }
  }

  /// What proves who makes the call, instead of the channel's credentials; over TLS only.
  public var credentials: (any CallCredentials)? {
    get { extras?.fields.credentials }
    set { change { $0.credentials = newValue } }
  }

  /// Where the call writes its metadata and the number of its attempts.
  public var report: CallReport? {
    get { extras?.fields.report }
    set { change { $0.report = newValue } }
  }
}
