/// Which shard each bucket lies on.
///
/// Filled by rendezvous hashing: every bucket goes to the shard that scores highest for it. A
/// shard that is added takes its share from all others, and nothing moves between those. The
/// result is stored; the hash is asked only when shards come or go.
package struct ShardMap: Sendable, Hashable {
  /// Names, sorted.
  package let shards: [String]
  /// For each bucket the place of its shard in `shards`.
  package let places: [Int]

  /// Spreads the buckets over the shards.
  ///
  /// - Precondition: there is a shard.
  /// - Complexity: O(buckets · shards)
  package init(buckets: Int, shards: [String]) {
    precondition(!shards.isEmpty, "a store has at least one shard")
    let names = Set(shards).sorted()
    self.shards = names
    places = (0..<buckets).map { bucket in
      let scores = names.map { Self.score(bucket: bucket, shard: $0) }
      return scores.indices.max { scores[$0] < scores[$1] } ?? 0
    }
  }

  /// A stored map; `nil` when it names a shard that is not there.
  init?(shards: [String], shardOfBucket: [String]) {
    self.shards = Set(shards).sorted()
    var places: [Int] = []
    for name in shardOfBucket {
      guard let place = self.shards.firstIndex(of: name) else { return nil }
      places.append(place)
    }
    self.places = places
  }

  package var buckets: Int { places.count }

  package func shard(of bucket: Int) -> String { shards[places[bucket]] }

  private static func score(bucket: Int, shard: String) -> UInt64 {
    BucketHash.mixed(BucketHash.hash(shard) ^ BucketHash.mixed(UInt64(bucket) &+ 1))
  }
}
