public import MartletWire

/// A connection to one server, made when it is first needed and made again when it is lost.
///
/// All calls share it. A channel may be used from any task and lives until `close()`.
public final class Channel: Sendable {
  /// Creates a channel; nothing is opened before the first call.
  ///
  /// - Parameters:
  ///   - target: the server.
  ///   - configuration: how to connect.
  public init(
    to target: ChannelTarget,
    configuration: ChannelConfiguration = ChannelConfiguration()
  ) {}

  /// Ends the connection.
  ///
  /// Open calls fail with CANCELLED, later ones with UNAVAILABLE.
  public func close() async { fatalError("not yet") }

  /// Makes a call with one request and one response.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - request: the request.
  ///   - options: the caller's choices.
  /// - Returns: the response.
  /// - Throws: `RPCError` with the call's status.
  public func unary<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> Response { fatalError("not yet") }

  /// Opens a call with one request and many responses.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - request: the request.
  ///   - options: the caller's choices.
  /// - Returns: the call, its request sent.
  /// - Throws: `RPCError` when the call cannot be started.
  public func serverStreaming<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    _ request: Request,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> ClientCall<Request, Response> { fatalError("not yet") }

  /// Opens a call of any kind; the caller sends the requests.
  ///
  /// Generated code calls it.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - options: the caller's choices.
  /// - Returns: the call.
  /// - Throws: `RPCError` when the call cannot be started.
  public func open<Request: Message, Response: Message>(
    _ method: MethodDescriptor<Request, Response>,
    options: CallOptions = CallOptions()
  ) async throws(RPCError) -> ClientCall<Request, Response> { fatalError("not yet") }
}
