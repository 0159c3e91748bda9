import Testing
import WorkoutCore

@Suite("Thinning")
struct ThinningTests {
  @Test("keeps the first and the last, evenly between", arguments: [2, 3, 7, 99, 100])
  func even(limit: Int) {
    let indices = Thinning.indices(count: 101, limit: limit)
    #expect(indices.count == limit)
    #expect(indices.first == 0 && indices.last == 100)
    let steps = zip(indices, indices.dropFirst()).map { $1 - $0 }
    let shortest = steps.min() ?? 0
    #expect(shortest >= 1)
    #expect((steps.max() ?? 0) - shortest <= 1)
  }

  @Test("keeps all where there is no limit or no need")
  func whole() {
    #expect(Thinning.indices(count: 5, limit: 0) == [0, 1, 2, 3, 4])
    #expect(Thinning.indices(count: 5, limit: 5) == [0, 1, 2, 3, 4])
    #expect(Thinning.indices(count: 5, limit: .max) == [0, 1, 2, 3, 4])
    #expect(Thinning.indices(count: 0, limit: 3).isEmpty)
    #expect(Thinning.indices(count: 5, limit: 1) == [4])
  }
}
