// MartletRPC's reader of length-prefixed messages against an array that does the same slowly, and the
// decompressor on whatever comes out compressed.
//
// The first byte sets the limit of a message. Each next byte is a step: append as many of the bytes that
// follow, take a message, take it where it stands, take many at once, or put those back. After each
// the two must say the same.

@testable import MartletRPC

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = [UInt8](UnsafeBufferPointer(start: start, count: count))[...]
  guard let limit = input.popFirst() else { return 0 }
  var run = Run(limit: Int(limit) * 8)
  while let step = input.popFirst() {
    switch step & 3 {
    case 0, 1:
      let chunk = input.prefix(Int(step >> 1))
      input = input.dropFirst(chunk.count)
      run.append(Array(chunk))
    case 2: run.take()
    default:
      if step & 4 == 0 {
        run.takeInPlace()
      } else {
        run.takeMany(maxBytes: Int(step >> 4) * 8, andPutBack: step & 8 != 0)
      }
    }
    run.compare()
  }
  return 0
}

/// The reader and its model.
struct Run: ~Copyable {
  private let limit: Int
  private var reader: EnvelopeReader
  private var model: [UInt8] = []
  private static let inflater = InflaterBox()

  init(limit: Int) {
    self.limit = limit
    reader = EnvelopeReader(maxMessageBytes: limit)
  }

  private var announced: Int? {
    model.count < 5 ? nil : model[1..<5].reduce(0) { $0 << 8 | Int($1) }
  }

  private var whole: Int? {
    guard let announced, announced <= limit, model.count - 5 >= announced else { return nil }
    return announced
  }

  mutating func append(_ chunk: [UInt8]) {
    chunk.withUnsafeBytes { reader.append($0) }
    model += chunk
  }

  mutating func take() {
    do throws(EnvelopeError) {
      let taken = try reader.take { flags, message in (flags, Array(message)) }
      require((taken == nil) == (whole == nil), "one of the two has a message")
      guard let taken, let whole else { return }
      require(taken.0 == model[0] && taken.1 == Array(model[5..<5 + whole]), "another message")
      model.removeFirst(5 + whole)
      inflate(taken.1)
    } catch {
      require(announced ?? 0 > limit, "too large, and it is not")
    }
  }

  mutating func takeInPlace() {
    let isPlain = whole != nil && model[0] == 0
    guard let front = reader.plainFront else { return require(!isPlain, "it stands there") }
    require(isPlain && whole == front.count, "it does not stand there")
    require(front.elementsEqual(model[5..<5 + front.count]), "another message in place")
    let length = front.count
    reader.dropFront(length: length)
    model.removeFirst(5 + length)
  }

  /// As the messages for a reader elsewhere are taken, and put back when it comes to the loop.
  mutating func takeMany(maxBytes: Int, andPutBack isBack: Bool) {
    var (count, length) = (0, 0)
    while let next = plainMessageLength(at: length), length + next <= maxBytes {
      length += next
      count += 1
    }
    let batch = reader.plainMessages(maxBytes: maxBytes)
    require(batch.count == count && batch.bytes.elementsEqual(model[..<length]), "other messages")
    let taken = Array(batch.bytes)
    reader.drop(bytes: length)
    model.removeFirst(length)
    guard isBack else { return }
    compare()
    taken.withUnsafeBytes { reader.prepend($0) }
    model = taken + model
  }

  /// The length, with its prefix, of a whole message with no flags that begins there.
  private func plainMessageLength(at start: Int) -> Int? {
    guard model.count - start >= 5, model[start] == 0 else { return nil }
    let length = model[(start + 1)..<(start + 5)].reduce(0) { $0 << 8 | Int($1) }
    return length <= limit && model.count - start - 5 >= length ? 5 + length : nil
  }

  func compare() {
    require(reader.buffered.elementsEqual(model), "other bytes are held")
    require(reader.isReady == (whole != nil || announced ?? 0 > limit), "ready for nothing")
    let messages = reader.untaken.messages
    require(messages == 0 || whole != nil, "messages that are not there")
  }

  /// Whatever the bytes are: an error, or no more than the limit.
  private func inflate(_ message: [UInt8]) {
    for algorithm in [CompressionAlgorithm.gzip, .deflate] {
      message.withUnsafeBytes { bytes in
        let count = try? Self.inflater.value.inflate(bytes, algorithm, limit: limit) { $0.count }
        require(count ?? 0 <= limit, "more than the limit")
      }
    }
  }
}

/// The fuzzer has one thread.
final class InflaterBox: @unchecked Sendable {
  let value: Inflater

  init() {
    guard let inflater = Inflater() else { fatalError("no zlib") }
    value = inflater
  }
}

func require(_ holds: Bool, _ text: String) {
  if !holds { fatalError(text) }
}
