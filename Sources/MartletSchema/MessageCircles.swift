/// Which messages may contain each other inline, through single fields of any depth: a value of such
/// a type would be infinite, so it is kept behind a reference.
///
/// They are the strongly connected parts of the graph of messages, found for all at once as Tarjan
/// does, in time that grows with the schema; without recursion, for chains may be as long as it is.
struct MessageCircles {
  private struct Visit {
    var message: Int
    var nextEdge = 0
  }

  /// By full name, the number of the part that a message is in.
  private var parts: [String: Int] = [:]
  /// All messages; what a message contains comes before it, but for what contains it too.
  private(set) var sorted: [MessageDescriptor] = []

  /// - Parameter schema: linked files.
  init(_ schema: SchemaSet) {
    var messages: [MessageDescriptor] = schema.files.flatMap(\.messages)
    var next = 0
    while next < messages.count {
      messages += messages[next].messages
      next += 1
    }
    let indices = Dictionary(messages.enumerated().map { ($1.fullName, $0) }) { first, _ in first }
    let edges = messages.map { message in
      message.fields.filter { $0.type == .message && !$0.isRepeated }
        .compactMap { indices[$0.typeName] }
    }
    let connected = Self.connectedParts(of: edges)
    for (index, part) in connected.parts.enumerated() { parts[messages[index].fullName] = part }
    sorted = connected.sorted.map { messages[$0] }
  }

  /// Whether each of two messages may contain the other, when the first has a field of the second.
  func join(_ outer: String, _ inner: String) -> Bool {
    parts[outer] != nil && parts[outer] == parts[inner]
  }

  /// For each node the number of its strongly connected part; and the nodes in the order in which
  /// they were done with.
  private static func connectedParts(of edges: [[Int]]) -> (parts: [Int], sorted: [Int]) {
    var order = [Int](repeating: -1, count: edges.count)
    var lowest = order
    var parts = order
    var open: [Int] = []
    var sorted: [Int] = []
    var count = 0
    for root in edges.indices where order[root] < 0 {
      var visits = [Visit(message: root)]
      while let visit = visits.last {
        let node = visit.message
        if visit.nextEdge == 0 {
          order[node] = count
          lowest[node] = count
          count += 1
          open.append(node)
        }
        if let edge = edges[node].dropFirst(visit.nextEdge).first {
          visits[visits.count - 1].nextEdge += 1
          if order[edge] < 0 {
            visits.append(Visit(message: edge))
          } else if parts[edge] < 0 {
            lowest[node] = min(lowest[node], order[edge])
          }
          continue
        }
        visits.removeLast()
        sorted.append(node)
        if let above = visits.last?.message { lowest[above] = min(lowest[above], lowest[node]) }
        guard lowest[node] == order[node] else { continue }
        while let member = open.popLast() {
          parts[member] = node
          if member == node { break }
        }
      }
    }
    return (parts, sorted)
  }
}
