// Messages in messages.

extension WireReader {
  /// Narrows the reader to the message in a field.
  ///
  /// - Returns: Where the outer message ends, for `close`.
  @inlinable
  @inline(__always)
  mutating func open() -> UnsafeRawPointer {
    let outer = unsafe end
    let count = length()
    if depth <= 0 { fail(.tooDeep) }
    depth &-= 1
    unsafe end = position + (failure == nil ? count : 0)
    return unsafe outer
  }

  /// Widens the reader to the outer message again.
  @inlinable
  @inline(__always)
  mutating func close(_ outer: UnsafeRawPointer) {
    unsafe end = outer
    depth &+= 1
    if failure != nil { unsafe position = outer }
  }

  /// Reads a message into a value, merging with what it holds.
  ///
  /// - Parameter value: The message.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(merging value: inout M) {
    let outer = unsafe open()
    value.readFields(from: &self)
    unsafe close(outer)
  }

  /// Reads a nested message into a field, merging with what it holds.
  ///
  /// - Parameter field: The field; its value is moved out and back, never copied.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(into field: inout M?) {
    var value = field.take() ?? M()
    message(merging: &value)
    field = consume value
  }

  /// Reads a nested message into a field of a message that may contain itself.
  ///
  /// - Parameter field: The field.
  @inlinable
  @inline(never)
  public mutating func message<M: Message>(into field: inout Indirect<M>?) {
    var value = field.take()?.value ?? M()
    message(merging: &value)
    field = Indirect(value)
  }

  /// Reads a run of messages and adds them to a list.
  ///
  /// - Parameter list: The list.
  @inlinable
  @inline(never)
  public mutating func messages<M: Message>(into list: inout [M]) {
    let count = countRun()
    guard takeElements(count, of: MemoryLayout<M>.stride) else { return }
    list.append(addingCapacity: count) { (output: inout OutputSpan<M>) in
      var left = count
      while true {
        let outer = unsafe open()
        let index = output.count
        output.append(M())
        output[index].readFields(from: &self)
        unsafe close(outer)
        left &-= 1
        if left == 0 || failure != nil { return }
        skipTag()
      }
    }
  }

  /// Reads a run of flat messages and adds them to a list.
  ///
  /// In line where a message's fields follow each other in their usual order, with the position
  /// in a register; else, and near the end of the bytes, checked and from the message's start:
  /// its fields are single numbers, so reading them again changes nothing.
  ///
  /// - Parameter list: The list.
  @inlinable
  @inline(never)
  public mutating func messages<M: FlatMessage>(into list: inout [M]) {
    let count = countRun()
    guard takeElements(count, of: MemoryLayout<M>.stride) else { return }
    list.append(addingCapacity: count) { (output: inout OutputSpan<M>) in
      let tagSize = unsafe position - tagStart
      var next = unsafe position
      for index in 0..<count {
        if index > 0 { unsafe next += tagSize }
        output.append(M())
        if let after = unsafe inLine(next, into: &output[index]) {
          unsafe next = after
        } else {
          unsafe position = next
          message(merging: &output[index])
          if failure != nil { return }
          unsafe next = position
        }
      }
      unsafe position = next
    }
  }

  /// Reads a flat message and its length, all in their usual form.
  ///
  /// - Returns: What follows it; nil when it must be read otherwise, or is malformed.
  @inlinable
  @inline(__always)
  func inLine<M: FlatMessage>(
    _ place: UnsafeRawPointer,
    into value: inout M
  ) -> UnsafeRawPointer? {
    guard unsafe limit - place > M.mostFieldBytes, depth > 0 else { return nil }
    let length = unsafe Int(place.load(as: UInt8.self))
    let start = unsafe place + 1
    guard length < 0x80, unsafe end - start >= length else { return nil }
    let stop = unsafe start + length
    var window = unsafe WireWindow(start, stop)
    value.readFields(in: &window)
    return unsafe window.position == stop ? stop : nil
  }

  /// Takes memory for elements from what the limits allow.
  @usableFromInline
  mutating func takeElements(_ count: Int, of stride: Int) -> Bool {
    elementBytes -= count * stride
    if elementBytes < 0 { fail(.tooManyElements) }
    return failure == nil
  }

  /// How many length-prefixed fields with the tag just read follow each other from here; 1 where
  /// the first is malformed.
  @usableFromInline
  func countRun() -> Int {
    let tagSize = unsafe position - tagStart
    guard tagSize == 1 || tagSize == 2 else { return 1 }
    let tag = unsafe tagBytes(at: tagStart, tagSize)
    var next = unsafe position
    var count = 0
    while unsafe next < end {
      var length = unsafe Int(next.load(as: UInt8.self))
      unsafe next += 1
      if length >= 0x80 {
        var ahead = self
        unsafe ahead.position = next - 1
        length = ahead.length()
        if ahead.failure != nil { break }
        unsafe next = ahead.position
      }
      if unsafe length > end - next { break }
      unsafe next += length
      count &+= 1
      guard unsafe end - next > tagSize, unsafe tagBytes(at: next, tagSize) == tag else { break }
      unsafe next += tagSize
    }
    return max(count, 1)
  }

  @inline(__always)
  func tagBytes(at place: UnsafeRawPointer, _ size: Int) -> UInt16 {
    size == 1
      ? unsafe UInt16(place.load(as: UInt8.self)) : unsafe place.loadUnaligned(as: UInt16.self)
  }

  /// Moves past the next tag of a run that `countRun` counted.
  @inlinable
  @inline(__always)
  mutating func skipTag() {
    unsafe position += position.load(as: UInt8.self) < 0x80 ? 1 : 2
  }

  /// Reads a run of texts and adds them to a list.
  ///
  /// - Parameter list: The list.
  public mutating func strings(into list: inout [String]) {
    let count = countRun()
    list.append(addingCapacity: count) { (output: inout OutputSpan<String>) in
      for index in 0..<count {
        if index > 0 { skipTag() }
        output.append(text())
        if failure != nil { return }
      }
    }
  }

  /// Reads `bytes` and adds them to a list.
  ///
  /// - Parameter list: The list.
  public mutating func bytes(into list: inout [[UInt8]]) {
    unsafe list.append([UInt8](span()))
  }
}
