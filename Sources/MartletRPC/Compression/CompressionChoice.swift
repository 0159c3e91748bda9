internal import Synchronization

/// What a call's handler or caller asks for, where the call looks on its loop.
struct CompressionChoice: ~Copyable, Sendable {
  private let algorithm = Atomic<UInt8>(unset)
  private let isOff = Atomic<Bool>(false)
  private let receivedCount = Atomic<Int>(0)

  private static let unset: UInt8 = .max

  /// The algorithm asked for; nil for what is configured.
  var wanted: CompressionAlgorithm? {
    get {
      let kind = CompressionAlgorithm.Kind(rawValue: algorithm.load(ordering: .relaxed))
      return kind.map(CompressionAlgorithm.init(kind:))
    }
    nonmutating set { algorithm.store(newValue?.kind.rawValue ?? Self.unset, ordering: .relaxed) }
  }

  /// Whether messages are compressed, if the call has an algorithm.
  var isOn: Bool {
    get { !isOff.load(ordering: .relaxed) }
    nonmutating set { isOff.store(!newValue, ordering: .relaxed) }
  }

  /// How many messages came compressed and were read.
  var receivedCompressedMessages: Int { receivedCount.load(ordering: .relaxed) }

  func countReceived() { receivedCount.add(1, ordering: .relaxed) }
}

extension ServerCall {
  /// What the responses are compressed with; nil for what `ServerConfiguration.compression` says.
  ///
  /// It counts when the first response is sent, or returned, and only if the client accepts it:
  /// otherwise responses go uncompressed.
  public var responseCompression: CompressionAlgorithm? {
    get { compression.wanted }
    set { compression.wanted = newValue }
  }

  /// Whether the responses that are sent from now on are compressed, in a call that compresses.
  ///
  /// Set it to false before a response that mixes a secret with what a peer can choose.
  public var compressesResponses: Bool {
    get { compression.isOn }
    set { compression.isOn = newValue }
  }

  /// How many of the requests taken so far came compressed.
  public var compressedRequestCount: Int { compression.receivedCompressedMessages }
}

extension ClientCall {
  /// Whether the requests that are sent from now on are compressed, in a call that compresses.
  ///
  /// Set it to false before a request that mixes a secret with what a peer can choose.
  public var compressesRequests: Bool {
    get { core.compression.isOn }
    set { core.compression.isOn = newValue }
  }

  /// How many of the responses taken so far came compressed.
  public var compressedResponseCount: Int { core.compression.receivedCompressedMessages }
}
