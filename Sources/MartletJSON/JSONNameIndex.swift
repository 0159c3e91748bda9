/// Finds what a name stands for: a hash table over bytes that live as long as the process.
///
/// Made once a message or enum type and never changed or freed.
@safe
struct JSONNameIndex {
  /// A name's bytes and what it stands for.
  @safe
  struct Entry {
    var name: UnsafeRawPointer
    var count: Int
    var value: Int32
  }

  private let slots: UnsafeMutablePointer<Entry?>
  private let mask: Int

  /// - Parameter capacity: the most names that will be added.
  init(capacity: Int) {
    var size = 4
    while size < 2 * capacity { size *= 2 }
    unsafe slots = .allocate(capacity: size)
    unsafe slots.initialize(repeating: nil, count: size)
    mask = size - 1
  }

  /// Adds a name unless it is there.
  ///
  /// - Returns: false when it was there.
  @discardableResult
  func insert(_ name: UnsafeRawPointer, _ count: Int, _ value: Int32) -> Bool {
    var slot = unsafe Self.hash(name, count) & mask
    while let entry = unsafe slots[slot] {
      if unsafe Self.equals(entry, name, count) { return false }
      slot = (slot + 1) & mask
    }
    unsafe slots[slot] = unsafe Entry(name: name, count: count, value: value)
    return true
  }

  /// - Complexity: O(count), and a step for each name of the type at worst, whatever is asked.
  func value(of name: UnsafeRawPointer, _ count: Int) -> Int32? {
    var slot = unsafe Self.hash(name, count) & mask
    while let entry = unsafe slots[slot] {
      if unsafe Self.equals(entry, name, count) { return entry.value }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private static func equals(_ entry: Entry, _ name: UnsafeRawPointer, _ count: Int) -> Bool {
    guard entry.count == count else { return false }
    for index in 0..<count {
      let ours = unsafe entry.name.load(fromByteOffset: index, as: UInt8.self)
      guard unsafe ours == name.load(fromByteOffset: index, as: UInt8.self) else { return false }
    }
    return true
  }

  /// FNV-1a; nobody but the schema's author chooses what is in the table.
  private static func hash(_ name: UnsafeRawPointer, _ count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for index in 0..<count {
      hash ^= UInt64(unsafe name.load(fromByteOffset: index, as: UInt8.self))
      hash &*= 0x100_0000_01b3
    }
    return Int(truncatingIfNeeded: hash ^ hash &>> 32)
  }
}
