internal import Glibc

/// Finds a method by the bytes of `:path`, without making a string of them.
final class Router: Sendable {
  private let routes: [Route]
  /// Open addressing: places in `routes`, -1 for none.
  ///
  /// A power of two long, at most half full.
  private let slots: [Int32]

  /// - Precondition: no two methods have the same path.
  init(_ services: [RPCService], interceptors: [any ServerInterceptor] = []) {
    let methods = services.flatMap(\.methods).map { method in
      method.intercepted(by: interceptors.compactMap { $0.interceptor(at: method.path) })
    }
    routes = methods.map(Route.init)
    var capacity = 8
    while capacity < methods.count * 2 { capacity *= 2 }
    var slots = [Int32](repeating: -1, count: capacity)
    for (index, method) in methods.enumerated() {
      var path = method.path
      let hash = path.withUTF8 { Self.hash(UnsafeRawBufferPointer($0)) }
      var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
      while slots[slot] >= 0 {
        let other = methods[Int(slots[slot])].path
        precondition(other != method.path, "two services answer \(method.path)")
        slot = (slot + 1) & (capacity - 1)
      }
      slots[slot] = Int32(index)
    }
    self.slots = slots
  }

  /// - Complexity: O(length of the path).
  func route(at path: UnsafeRawBufferPointer) -> Route? {
    var slot = Int(truncatingIfNeeded: Self.hash(path)) & (slots.count - 1)
    while slots[slot] >= 0 {
      let route = routes[Int(slots[slot])]
      if route.hasPath(path) { return route }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// FNV-1a.
  ///
  /// The table is fixed and at most half full, so a peer that picks colliding paths gains
  /// nothing.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}

/// A method as the calls to it share it: one reference, where a copy of it would be several.
final class Route: Sendable {
  let method: RPCMethod
  let kind: CallKind
  private let pathBytes: [UInt8]

  init(_ method: RPCMethod) {
    self.method = method
    kind = method.kind
    pathBytes = Array(method.path.utf8)
  }

  fileprivate func hasPath(_ bytes: UnsafeRawBufferPointer) -> Bool {
    pathBytes.withUnsafeBytes { own in
      guard own.count == bytes.count, let left = own.baseAddress, let right = bytes.baseAddress
      else { return false }
      return memcmp(left, right, own.count) == 0
    }
  }
}
