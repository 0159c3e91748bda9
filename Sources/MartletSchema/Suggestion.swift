/// The candidate nearest to a misspelt name, when one is near enough to be worth telling.
///
/// - Complexity: O(candidates × length²), over at most `limit` candidates.
func nearest(
  to name: String,
  among candidates: some Sequence<String>,
  limit: Int = SchemaLimits().suggestionCandidates
) -> String? {
  let wanted = Array(name.utf8)
  guard (3...64).contains(wanted.count) else { return nil }
  let allowed = max(1, wanted.count / 3)
  var best: (distance: Int, name: String)?
  for candidate in candidates.prefix(limit) where candidate != name {
    let distance = editDistance(wanted, Array(candidate.utf8), atMost: allowed)
    guard let distance else { continue }
    if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
    best = (distance, candidate)
  }
  return best?.name
}

/// "did you mean …?" for the nearest candidate.
func didYouMean(_ name: String, among candidates: some Sequence<String>) -> String? {
  nearest(to: name, among: candidates).map { "did you mean \"\($0)\"?" }
}

/// How many insertions, deletions, replacements and swaps of neighbours turn one into the other.
///
/// Case counts as nothing; nil beyond `limit`.
private func editDistance(_ from: [UInt8], _ to: [UInt8], atMost limit: Int) -> Int? {
  guard abs(from.count - to.count) <= limit, !to.isEmpty else { return nil }
  let from = from.map(lowercased)
  let to = to.map(lowercased)
  var beforePrevious = [Int](repeating: 0, count: to.count + 1)
  var previous = Array(0...to.count)
  for row in 1...from.count {
    var current = [row] + [Int](repeating: 0, count: to.count)
    for column in 1...to.count {
      let isSame = from[row - 1] == to[column - 1]
      var cost = min(previous[column] + 1, current[column - 1] + 1)
      cost = min(cost, previous[column - 1] + (isSame ? 0 : 1))
      if row > 1, column > 1, from[row - 1] == to[column - 2], from[row - 2] == to[column - 1] {
        cost = min(cost, beforePrevious[column - 2] + 1)
      }
      current[column] = cost
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.count] <= limit ? previous[to.count] : nil
}

private func lowercased(_ byte: UInt8) -> UInt8 {
  (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
