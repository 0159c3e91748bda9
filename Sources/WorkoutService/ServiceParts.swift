package import WorkoutStore

/// What all handlers stand on.
package struct ServiceParts: Sendable {
  package var store: any ShardStore
  package var hub: LiveHub
  package var clock: ServiceClock
  package var log: ServiceLog

  package init(store: any ShardStore, hub: LiveHub, clock: ServiceClock, log: ServiceLog) {
    self.store = store
    self.hub = hub
    self.clock = clock
    self.log = log
  }
}
