/// What a `SequencedLog` holds: something with a time, and an order in which no two differ and
/// neither comes first.
package protocol Timed: Sendable, Hashable {
  /// Device's clock, milliseconds since 1970-01-01T00:00:00Z.
  var timeMs: Int64 { get }
  /// Whether this one gives way to another of the same device and sequence: the later time wins,
  /// then any fixed order of the rest.
  func yields(to other: Self) -> Bool
}

/// What devices recorded, each under its own sequence, whatever order it arrived in.
///
/// Adding and merging are commutative, associative and idempotent: logs that were told the same
/// are equal.
package struct SequencedLog<Element: Timed>: Sendable, Hashable {
  /// An element and where it comes from.
  package struct Entry: Sendable, Hashable {
    /// Which device recorded it.
    package var device: DeviceID
    /// Its number by that device.
    package var sequence: UInt64
    /// What was recorded.
    package var element: Element
  }

  private struct Numbered: Sendable, Hashable {
    var sequence: UInt64
    var element: Element
  }

  /// Each sorted by sequence, without duplicates; never empty.
  private var recorded: [DeviceID: [Numbered]] = [:]

  /// A log of nothing.
  package init() {}

  /// Elements in all.
  package var count: Int { recorded.values.reduce(0) { $0 + $1.count } }

  /// Takes an element; one that is there already changes nothing.
  ///
  /// - Complexity: O(1) when sequences come in order, else O(count)
  package mutating func add(_ element: Element, device: DeviceID, sequence: UInt64) {
    add(CollectionOfOne(element), device: device, firstSequence: sequence)
  }

  /// Takes elements that follow each other; sequences beyond the last number there is are left out.
  ///
  /// - Complexity: O(elements) when sequences come in order
  package mutating func add(
    _ elements: some Collection<Element>,
    device: DeviceID,
    firstSequence: UInt64
  ) {
    guard !elements.isEmpty else { return }
    // Taken out and put back: one look-up for all, and the array stays its only owner's.
    var entries = recorded.removeValue(forKey: device) ?? []
    for (offset, element) in elements.enumerated() {
      let (sequence, overflows) = firstSequence.addingReportingOverflow(UInt64(offset))
      if overflows { break }
      Self.insert(Numbered(sequence: sequence, element: element), into: &entries)
    }
    recorded[device] = entries
  }

  /// Takes all that another log holds.
  package mutating func merge(_ other: SequencedLog) {
    for (device, entries) in other.recorded {
      var merged = recorded.removeValue(forKey: device) ?? []
      for entry in entries { Self.insert(entry, into: &merged) }
      recorded[device] = merged
    }
  }

  /// All by time, then device, then sequence.
  ///
  /// - Complexity: O(count) when one device recorded in order, else O(count log count)
  package func sorted() -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for (device, numbered) in recorded {
      for one in numbered {
        entries.append(Entry(device: device, sequence: one.sequence, element: one.element))
      }
    }
    let isSorted = zip(entries, entries.dropFirst()).allSatisfy { !Self.isBefore($1, $0) }
    if !isSorted { entries.sort(by: Self.isBefore) }
    return entries
  }

  /// Keeps entries sorted and without duplicates; appending is the common case.
  private static func insert(_ new: Numbered, into entries: inout [Numbered]) {
    guard let last = entries.last, last.sequence >= new.sequence else {
      return entries.append(new)
    }
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].sequence < new.sequence { low = middle + 1 } else { high = middle }
    }
    if entries[low].sequence != new.sequence {
      entries.insert(new, at: low)
    } else if entries[low].element.yields(to: new.element) {
      entries[low] = new
    }
  }

  private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
    (left.element.timeMs, left.device, left.sequence)
      < (right.element.timeMs, right.device, right.sequence)
  }
}

extension ActivityEvent: Timed {
  /// The later one stays, then the higher kind.
  package func yields(to other: ActivityEvent) -> Bool {
    (timeMs, type.rawValue) < (other.timeMs, other.type.rawValue)
  }
}
