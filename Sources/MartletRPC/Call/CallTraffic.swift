internal import Synchronization

/// How much went each way in a call: messages, and their bytes without the five before each.
///
/// What this side sends counts as it was before compression, what it receives as it came.
public struct CallTraffic: Sendable, Hashable {
  /// Requests sent by the client.
  public var requestMessages = 0
  /// Bytes of the requests.
  public var requestBytes = 0
  /// Responses sent by the server.
  public var responseMessages = 0
  /// Bytes of the responses.
  public var responseBytes = 0

  /// Creates the traffic of a call in which nothing was sent.
  public init() {}
}

/// Counts one direction of a call.
///
/// Only the call's loop writes it, so that a plain store is enough; anybody may read it. Messages
/// for a reader elsewhere count when they go to its inbox, and those from a sender elsewhere when
/// they reach the loop.
struct TrafficCounter: ~Copyable, Sendable {
  private let storedMessages = Atomic<Int>(0)
  private let storedBytes = Atomic<Int>(0)

  var messages: Int { storedMessages.load(ordering: .relaxed) }
  var bytes: Int { storedBytes.load(ordering: .relaxed) }

  @inline(__always)
  func count(messageBytes: Int) {
    storedMessages.store(messages &+ 1, ordering: .relaxed)
    storedBytes.store(bytes &+ messageBytes, ordering: .relaxed)
  }

  func count(messages count: Int, bytes length: Int) {
    storedMessages.store(messages &+ count, ordering: .relaxed)
    storedBytes.store(bytes &+ length, ordering: .relaxed)
  }
}

extension CallCore {
  func traffic(sendsRequests: Bool) -> CallTraffic {
    var traffic = CallTraffic()
    traffic.requestMessages = sendsRequests ? sent.messages : received.messages
    traffic.requestBytes = sendsRequests ? sent.bytes : received.bytes
    traffic.responseMessages = sendsRequests ? received.messages : sent.messages
    traffic.responseBytes = sendsRequests ? received.bytes : sent.bytes
    return traffic
  }
  /// A client's traffic with what has arrived and was not taken; on the loop.
  var finalTraffic: CallTraffic {
    var traffic = traffic(sendsRequests: true)
    let (messages, bytes) = untaken
    traffic.responseMessages += messages
    traffic.responseBytes += bytes
    return traffic
  }
}
