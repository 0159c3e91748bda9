/// What proves to a server who makes a call, such as a bearer token; asked for each call anew.
///
/// Credentials go over TLS only: on a plaintext channel the call fails with UNAUTHENTICATED.
public protocol CallCredentials: Sendable {
  /// Gives the metadata to add to a call.
  ///
  /// It runs on the channel's loop, so it must not block; it may suspend, and the call's deadline
  /// counts meanwhile. It is cancelled when the call ends, and then should return soon.
  ///
  /// - Parameter call: the call.
  /// - Returns: the metadata.
  /// - Throws: an `RPCError`, which the call fails with, or another error, for which it fails with
  ///   UNAUTHENTICATED.
  func metadata(for call: CredentialsRequest) async throws -> Metadata
}

/// The call that credentials are for.
public struct CredentialsRequest: Sendable, Hashable {
  /// The server as the call names it: `api.example.com:443`.
  public let authority: String
  /// The method's path: `/martlet.v1.LiveService/Watch`.
  public let method: String
}

/// Credentials that add `authorization: Bearer …` with a token that a closure gives.
public struct BearerToken: CallCredentials {
  private let token: @Sendable () async throws -> String

  /// Creates credentials.
  ///
  /// - Parameter token: gives the token that is valid now; it is called for each call.
  public init(_ token: @escaping @Sendable () async throws -> String) {
    self.token = token
  }

  /// Gives `authorization` with the token.
  public func metadata(for call: CredentialsRequest) async throws -> Metadata {
    var metadata = Metadata()
    try metadata.append("Bearer \(try await token())", for: "authorization")
    return metadata
  }
}
