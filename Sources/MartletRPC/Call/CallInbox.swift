internal import Synchronization

/// Messages on their way from a call's loop to a reader elsewhere, who takes them without the loop.
///
/// The loop puts some here only while their reader waits, and only into an empty one. Safe to use
/// from any thread; one that decodes a message holds no lock, and the memory stays.
struct CallInbox: ~Copyable, Sendable {
  // Not private: the compiler (6.3.1) then refers from other files to what is not exported.
  struct State: ~Copyable {
    var messages: EnvelopeReader
    var isDecoding = false
    /// What is here is to be dropped once it is not being decoded any more.
    var isDropped = false
    /// Who waits, and the loop has not heard of it.
    var waiting: CallCore.RemoteReader?
  }

  /// Where a message stands; valid until `tookFront`.
  private struct Place: @unchecked Sendable {
    let bytes: UnsafeRawBufferPointer
  }

  private let state: Mutex<State>
  private let tickets = Atomic<UInt64>(0)

  init(maxMessageBytes: Int) {
    state = Mutex(State(messages: EnvelopeReader(maxMessageBytes: maxMessageBytes)))
  }

  /// A number for one wait of a reader.
  func nextTicket() -> UInt64 { tickets.wrappingAdd(1, ordering: .relaxed).newValue }

  /// Leaves word for the loop that a reader waits; false when another does.
  func wait(_ reader: CallCore.RemoteReader) -> Bool {
    state.withLock { state in
      guard state.waiting == nil else { return false }
      state.waiting = reader
      return true
    }
  }

  /// The reader that waits, if the loop has not heard of it.
  func takeWaiting() -> CallCore.RemoteReader? {
    state.withLock { state in
      defer { state.waiting = nil }
      return state.waiting
    }
  }

  /// The next message, which stays until `tookFront`; nil when none is here.
  func front() -> UnsafeRawBufferPointer? {
    let place = state.withLock { state -> Place? in
      guard !state.isDecoding, let bytes = state.messages.plainFront else { return nil }
      state.isDecoding = true
      return Place(bytes: bytes)
    }
    return place?.bytes
  }

  /// The message that `front` gave, of that length, is decoded.
  func tookFront(length: Int) {
    state.withLock { state in
      state.isDecoding = false
      if state.isDropped {
        state.isDropped = false
        state.messages.removeAll()
      } else {
        state.messages.dropFront(length: length)
      }
    }
  }

  /// Adds whole messages; false when there are some that nobody has taken.
  func put(_ messages: UnsafeRawBufferPointer) -> Bool {
    let place = Place(bytes: messages)
    return state.withLock { state in
      guard !state.isDecoding, state.messages.bufferedBytes == 0 else { return false }
      state.messages.append(place.bytes)
      return true
    }
  }

  /// Drops what is here.
  func clear() {
    state.withLock { state in
      if state.isDecoding { state.isDropped = true } else { state.messages.removeAll() }
    }
  }

  /// Takes out what is here, for a reader on the loop.
  ///
  /// - Returns: the bytes; empty while a message is being decoded.
  func takeBack() -> [UInt8] {
    state.withLock { state in
      guard !state.isDecoding else { return [] }
      let bytes = Array(state.messages.buffered)
      state.messages.removeAll()
      return bytes
    }
  }
}
