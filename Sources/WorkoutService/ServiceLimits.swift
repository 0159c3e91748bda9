/// Every limit of the service, in one place; those of calls and connections are MartletRPC's.
package enum ServiceLimits {
  // MARK: Tokens

  /// How long an access token opens the API.
  ///
  /// Short, because only a bounded list in memory can revoke it earlier.
  package static let accessTokenLifeSeconds: Int64 = 15 * 60

  /// How long a refresh token that is not used stays good.
  package static let refreshTokenLifeSeconds: Int64 = 60 * 24 * 3600

  /// How far clocks of two servers may differ.
  package static let accessTokenLeewaySeconds: Int64 = 5

  /// The longest access token that is read; ours have about 500 bytes.
  package static let accessTokenBytes = 1024

  /// Verified tokens kept, so that a token's signature is checked once and not at each call.
  package static let verifiedTokens = 65_536

  /// Sessions that ended while an access token of theirs may still be good.
  package static let revokedSessions = 65_536

  // MARK: Logging in

  /// Failures after which an account's log-in is refused for a while.
  package static let logInFailuresPerAccount = 10

  /// Failures after which an address is refused: higher, since many people share an address.
  package static let logInFailuresPerAddress = 100

  /// How fast failures are forgotten: the whole allowance comes back in this time.
  package static let logInFailureMemory: Duration = .seconds(15 * 60)

  /// Accounts and addresses, each, whose failures are remembered.
  package static let rememberedLogInFailures = 65_536

  /// Password hashes computed at one time: each takes 32 MiB and a core.
  package static let passwordHashesAtOnce = 2

  /// Password hashes waiting for their turn; more are refused.
  package static let passwordHashesWaiting = 32
}
