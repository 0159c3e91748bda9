import MartletRPC

/// Limits that a test sets on the command line: `maxConnectionAge=1000`, durations in milliseconds,
/// and a negative `keptFreedBytes` for nil.
enum PeerLimits {
  /// Sets what `arguments` say and returns the others.
  static func take(_ arguments: [String], _ limits: inout ServerLimits) -> [String] {
    arguments.filter { argument in
      let parts = argument.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let value = Int(parts[1]) else { return true }
      set(String(parts[0]), value, &limits)
      return false
    }
  }

  private static func set(_ name: String, _ value: Int, _ limits: inout ServerLimits) {
    let time = Duration.milliseconds(value)
    switch name {
    case "maxConnectionAge": limits.maxConnectionAge = time
    case "maxConnectionAgeGrace": limits.maxConnectionAgeGrace = time
    case "connectionIdleTimeout": limits.connectionIdleTimeout = time
    case "minimumPingInterval": limits.minimumPingInterval = time
    case "permitKeepaliveWithoutCalls": limits.permitKeepaliveWithoutCalls = value != 0
    case "maxConcurrentCalls": limits.maxConcurrentCalls = value
    case "maxConcurrentCallsPerConnection": limits.maxConcurrentCallsPerConnection = value
    case "maxConcurrentCallsPerPeer": limits.maxConcurrentCallsPerPeer = value
    case "callsPerSecondPerPeer": limits.callsPerSecondPerPeer = value
    case "keptFreedBytes": limits.keptFreedBytes = value < 0 ? nil : value
    case "callBurstPerPeer": limits.callBurstPerPeer = value
    default: EchoPeer.fail("no such limit: \(name)")
    }
  }
}
