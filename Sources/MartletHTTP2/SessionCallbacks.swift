internal import CNGHTTP2
internal import MartletNet

// nghttp2's callbacks: C functions that find the connection and the stream and call them.
//
// They run only within `nghttp2_session_mem_recv` and `nghttp2_session_mem_send`. None of them
// returns an error to stop a session: they queue a reset or a GOAWAY and let nghttp2 go on.

/// The table that every session copies.
nonisolated(unsafe) let sessionCallbacks: OpaquePointer? = {
  var table: OpaquePointer?
  guard nghttp2_session_callbacks_new(&table) == 0 else { return nil }
  nghttp2_session_callbacks_set_on_begin_headers_callback(table, onBeginHeaders)
  nghttp2_session_callbacks_set_on_header_callback(table, onHeader)
  nghttp2_session_callbacks_set_on_frame_recv_callback(table, onFrameReceived)
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table, onDataChunk)
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table, onInvalidFrame)
  nghttp2_session_callbacks_set_on_stream_close_callback(table, onStreamClose)
  nghttp2_session_callbacks_set_send_data_callback(table, onSendData)
  nghttp2_session_callbacks_set_on_frame_send_callback(table, onFrameSent)
  nghttp2_session_callbacks_set_on_frame_not_send_callback(table, onFrameNotSent)
  return table
}()

/// Runs `body` with a session's connection, or with a stream.
///
/// Many times a message, so nobody counts them: whoever feeds a session or lets it send holds its
/// connection, and that holds its streams to the end of the turn in which they close.
private func with<Object: AnyObject, Result>(
  _ type: Object.Type,
  at pointer: UnsafeMutableRawPointer,
  _ body: (Object) -> Result
) -> Result {
  Unmanaged<Object>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
}

private func connection(_ user: UnsafeMutableRawPointer?) -> HTTP2Connection? {
  guard let user else { return nil }
  return Unmanaged<HTTP2Connection>.fromOpaque(user).takeUnretainedValue()
}

private func stream(_ session: OpaquePointer?, _ id: Int32) -> HTTP2Stream? {
  guard let user = nghttp2_session_get_stream_user_data(session, id) else { return nil }
  return Unmanaged<HTTP2Stream>.fromOpaque(user).takeUnretainedValue()
}

private func isType(_ header: nghttp2_frame_hd, _ type: nghttp2_frame_type) -> Bool {
  UInt32(header.type) == type.rawValue
}

private func endsStream(_ header: nghttp2_frame_hd) -> Bool {
  UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
}

private func isAcknowledgement(_ header: nghttp2_frame_hd) -> Bool {
  UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0
}

// MARK: In

private func onBeginHeaders(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame = frame?.pointee, isType(frame.hd, NGHTTP2_HEADERS),
    let connection = connection(user)
  else { return 0 }
  let id = frame.hd.stream_id
  if frame.headers.cat == NGHTTP2_HCAT_REQUEST {
    let new = HTTP2Stream(id: id, connection: connection, headersKind: .request)
    nghttp2_session_set_stream_user_data(session, id, Unmanaged.passUnretained(new).toOpaque())
    connection.opened(new)
  } else if let stream = stream(session, id) {
    stream.beginHeaders()
  }
  return 0
}

private func onHeader(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ name: UnsafePointer<UInt8>?,
  _ nameCount: Int,
  _ value: UnsafePointer<UInt8>?,
  _ valueCount: Int,
  _ flags: UInt8,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let id = frame?.pointee.hd.stream_id,
    let user = nghttp2_session_get_stream_user_data(session, id)
  else { return 0 }
  let fits = with(HTTP2Stream.self, at: user) { stream in
    stream.receivedHeader(
      UnsafeRawBufferPointer(start: name, count: nameCount),
      UnsafeRawBufferPointer(start: value, count: valueCount)
    )
  }
  // The reset is queued; nghttp2 decodes the rest of the list, which HPACK needs, without telling us.
  return fits ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
}

private func onFrameReceived(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame, let user else { return 0 }
  with(HTTP2Connection.self, at: user) { received(frame, session, $0) }
  return 0
}

private func received(
  _ frame: UnsafePointer<nghttp2_frame>,
  _ session: OpaquePointer?,
  _ connection: HTTP2Connection
) {
  let header = frame.pointee.hd
  switch nghttp2_frame_type(rawValue: UInt32(header.type)) {
  case NGHTTP2_HEADERS:
    guard let stream = stream(session, header.stream_id) else { break }
    stream.endedHeaders(endStream: endsStream(header))
    if endsStream(header) { stream.reachedEnd() }
  case NGHTTP2_DATA:
    connection.peerPadded(frame.pointee.data)
    if endsStream(header) { stream(session, header.stream_id)?.reachedEnd() }
  case NGHTTP2_RST_STREAM: stream(session, header.stream_id)?.isRemoteEnded = true
  case NGHTTP2_SETTINGS where isAcknowledgement(header): connection.settingsAcknowledged()
  case NGHTTP2_SETTINGS:
    connection.becameReady()
    connection.changedCapacity()
  case NGHTTP2_PING where isAcknowledgement(header):
    connection.receivedPong(withUnsafeBytes(of: frame.pointee.ping.opaque_data) { Array($0) })
  case NGHTTP2_PING: connection.receivedPing()
  case NGHTTP2_GOAWAY:
    let goAway = frame.pointee.goaway
    let text = UnsafeBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len)
    connection.receivedGoAway(
      HTTP2ErrorCode(rawValue: goAway.error_code),
      String(decoding: text.prefix(256), as: UTF8.self)
    )
  default: break
  }
}

/// nghttp2 answers a frame with an error: of its stream, or of the connection.
private func onInvalidFrame(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ code: Int32,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let id = frame?.pointee.hd.stream_id, id > 0 else { return 0 }
  connection(user)?.cutShort(id)
  return 0
}

private func onDataChunk(
  _ session: OpaquePointer?,
  _ flags: UInt8,
  _ id: Int32,
  _ data: UnsafePointer<UInt8>?,
  _ count: Int,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let user else { return 0 }
  let data = UnsafeRawBufferPointer(start: data, count: count)
  with(HTTP2Connection.self, at: user) { connection in
    guard let stream = nghttp2_session_get_stream_user_data(session, id) else {
      return connection.receivedInVain(data)
    }
    with(HTTP2Stream.self, at: stream) { connection.received(data, on: $0) }
  }
  return 0
}

private func onStreamClose(
  _ session: OpaquePointer?,
  _ id: Int32,
  _ code: UInt32,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let stream = stream(session, id), let connection = connection(user) else { return 0 }
  connection.close(stream, code: HTTP2ErrorCode(rawValue: code))
  return 0
}

// MARK: Out

private func onSendData(
  _ session: OpaquePointer?,
  _ frame: UnsafeMutablePointer<nghttp2_frame>?,
  _ header: UnsafePointer<UInt8>?,
  _ count: Int,
  _ source: UnsafeMutablePointer<nghttp2_data_source>?,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let pointer = source?.pointee.ptr, let user else {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
  }
  let header = UnsafeRawBufferPointer(start: header, count: 9)
  return with(HTTP2Connection.self, at: user) { connection in
    with(HTTP2Stream.self, at: pointer) { stream in
      connection.gatherData(header: header, count: count, from: stream)?.rawValue ?? 0
    }
  }
}

private func onFrameSent(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  guard let frame, let user else { return 0 }
  with(HTTP2Connection.self, at: user) { sent(frame, session, $0) }
  return 0
}

private func sent(
  _ frame: UnsafePointer<nghttp2_frame>,
  _ session: OpaquePointer?,
  _ connection: HTTP2Connection
) {
  let header = frame.pointee.hd
  switch nghttp2_frame_type(rawValue: UInt32(header.type)) {
  case NGHTTP2_DATA, NGHTTP2_HEADERS:
    connection.pingGuard.sentSomething()
    guard connection.role == .server, endsStream(header),
      let stream = stream(session, header.stream_id), !stream.isRemoteEnded
    else { break }
    // The answer is complete before the request: tell the client to stop (RFC 9113, 8.1).
    _ = nghttp2_submit_rst_stream(
      session,
      noFlags,
      header.stream_id,
      HTTP2ErrorCode.noError.rawValue
    )
  case NGHTTP2_RST_STREAM:
    connection.sentReset(HTTP2ErrorCode(rawValue: frame.pointee.rst_stream.error_code))
  case NGHTTP2_GOAWAY:
    connection.sentGoAway(HTTP2ErrorCode(rawValue: frame.pointee.goaway.error_code))
  default: break
  }
}

private func onFrameNotSent(
  _ session: OpaquePointer?,
  _ frame: UnsafePointer<nghttp2_frame>?,
  _ code: Int32,
  _ user: UnsafeMutableRawPointer?
) -> Int32 {
  // A request that was cancelled, or overtaken by GOAWAY, before it left: nghttp2 may never have
  // opened its stream, so no close would come.
  guard let frame = frame?.pointee, isType(frame.hd, NGHTTP2_HEADERS),
    frame.headers.cat == NGHTTP2_HCAT_REQUEST, let connection = connection(user)
  else { return 0 }
  connection.requestNotSent(frame.hd.stream_id)
  return 0
}
