internal import MartletHTTP2
internal import MartletNet

// The attempts of a call: credentials before each, and what follows one that failed.
extension ClientCallCore {
  /// Gives the call to the channel, with fresh credentials where there are any.
  func beginAttempt() {
    guard let credentials = options.extras?.fields.credentials ?? channel.credentials else {
      return channel.start(self)
    }
    guard channel.isSecure else {
      return fail(RPCError(.unauthenticated, "credentials do not go over a plaintext connection"))
    }
    let request = CredentialsRequest(
      authority: options.authority ?? channel.authority,
      method: path
    )
    channel.beganPreparing(self)
    asking = Task(executorPreference: loop) { [loop, weak self] in
      let result: Result<Metadata, any Error>
      do {
        result = .success(try await credentials.metadata(for: request))
      } catch {
        result = .failure(error)
      }
      loop.execute { [weak self] in self?.received(result) }
    }
  }

  private func received(_ result: Result<Metadata, any Error>) {
    guard isWaiting, asking != nil else { return }
    asking = nil
    channel.endedPreparing(self)
    switch result {
    case .success(let metadata):
      guard options.metadata.listBytes + metadata.listBytes <= channel.limits.maxMetadataBytes
      else { return fail(RPCError(.internal, "the request's metadata is over the limit")) }
      credentialsMetadata = metadata
      channel.start(self)
    case .failure(let error as RPCError) where error.code != .ok: fail(error)
    case .failure(let error):
      fail(RPCError(.unauthenticated, "there are no credentials for the call: \(error)"))
    }
  }

  /// The header block of the attempt that begins.
  func requestHeaders() -> HTTP2HeaderList {
    if isPlain { return channel.plainHeaders(path) }
    var headers = channel.headers(
      path,
      options.metadata,
      encoding: encoding,
      authority: options.extras?.fields.authority,
      timeLeft: timeLeft
    )
    if let credentialsMetadata { headers.append(credentialsMetadata) }
    if let retry, retry.previousAttempts > 0 {
      headers.append("grpc-previous-rpc-attempts", "\(retry.previousAttempts)")
    }
    return headers
  }

  /// How often it was sent again so far.
  var retryCounts: CallRetries {
    var counts = CallRetries()
    counts.underPolicy = retry?.previousAttempts ?? 0
    counts.transparent = life.retries
    return counts
  }

  /// Whether the attempt's headers are those of every such call of its method.
  private var isPlain: Bool {
    options.metadata.isEmpty && timeLeft == nil && encoding == .identity
      && options.extras?.fields.authority == nil && credentialsMetadata == nil
      && (retry?.previousAttempts ?? 0) == 0
  }

  /// No connection can be had, and the call does not wait for one.
  func unreachable(_ error: RPCError) {
    if !retries(error, .none) { fail(error) }
  }

  /// An attempt failed.
  ///
  /// - Parameters:
  ///   - error: its status.
  ///   - pushback: what the server said about another one.
  /// - Returns: whether the call is made again, and thus is not over.
  func retries(_ error: RPCError, _ pushback: RetryPushback) -> Bool {
    guard retry != nil, life.mayRetry, replay.isWhole else { return false }
    guard let wait = channel.retryWait(&retry, error.code, pushback) else { return false }
    if case .reset(let code) = life.retryLater() {
      stream?.reset(HTTP2ErrorCode(rawValue: code))
    }
    detachStream()
    channel.beganPreparing(self)
    backoffTimer = loop.schedule(after: wait) { [weak self] in
      guard let self else { return }
      backoffTimer = nil
      channel.endedPreparing(self)
      beginAttempt()
    }
    return true
  }

  /// Lets go of whatever an attempt that has not begun waits for.
  func stopWaiting() {
    guard asking != nil || backoffTimer != nil else { return channel.stopWaiting(self) }
    asking?.cancel()
    asking = nil
    backoffTimer?.cancel()
    backoffTimer = nil
    channel.endedPreparing(self)
  }
}
