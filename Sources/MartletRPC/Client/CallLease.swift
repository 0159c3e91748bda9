internal import MartletNet

/// What keeps a client's call alive: when the last reference is gone, nobody can want the call any
/// more.
@usableFromInline
final class CallLease: Sendable {
  private let core: ClientCallCore

  init(_ core: ClientCallCore) {
    self.core = core
  }

  deinit {
    let core = core
    core.loop.execute { core.cancel() }
  }
}
