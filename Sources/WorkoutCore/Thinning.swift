/// Fewer samples of a long track for a small picture of it.
package enum Thinning {
  /// Which of `count` samples to keep: evenly spaced, the first and the last among them.
  ///
  /// - Parameters:
  ///   - count: how many there are.
  ///   - limit: how many to keep at most; all when 0, the last alone when 1.
  /// - Returns: indices in ascending order, without duplicates.
  /// - Complexity: O(result)
  package static func indices(count: Int, limit: Int) -> [Int] {
    guard count > 0 else { return [] }
    guard limit > 0, limit < count else { return Array(0..<count) }
    guard limit > 1 else { return [count - 1] }
    // Steps are longer than 1, so no index comes twice; the products stay below 2^53.
    let step = Double(count - 1) / Double(limit - 1)
    return (0..<limit).map { $0 == limit - 1 ? count - 1 : Int((Double($0) * step).rounded()) }
  }

  /// Those samples.
  ///
  /// - Parameters:
  ///   - samples: a track in order.
  ///   - limit: how many to keep at most; all when 0.
  /// - Returns: the samples that are kept, in the same order.
  package static func thin(_ samples: [TrackSample], limit: Int) -> [TrackSample] {
    indices(count: samples.count, limit: limit).map { samples[$0] }
  }
}
