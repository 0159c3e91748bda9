internal import Glibc

extension GPXDocument {
  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file; named in errors as given.
  ///   - limits: What it may cost.
  /// - Returns: Its tracks.
  /// - Throws: `GPXError` with the line when it is no XML, no GPX, or beyond a limit.
  /// - Complexity: O(bytes); memory grows with the points only.
  public static func read(
    path: String,
    limits: GPXLimits = GPXLimits()
  ) throws(GPXError) -> GPXDocument {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw GPXError(file: path, message: systemErrorText()) }
    defer { close(descriptor) }
    return try unsafe parse(file: path, limits: limits) { (buffer) throws(GPXError) in
      while true {
        let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 { return count }
        if errno != EINTR { throw GPXError(file: path, message: systemErrorText()) }
      }
    }
  }

  /// Reads a document from memory.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - file: What errors call it.
  ///   - pieceBytes: How many bytes the parser is fed at once.
  ///   - limits: What it may cost.
  /// - Throws: `GPXError` as `read(path:)` does.
  public init(
    parsing bytes: [UInt8],
    file: String,
    pieceBytes: Int = 65_536,
    limits: GPXLimits = GPXLimits()
  ) throws(GPXError) {
    var offset = 0
    self = try unsafe Self.parse(file: file, limits: limits) { (buffer) throws(GPXError) in
      let count = min(buffer.count, max(1, pieceBytes), bytes.count - offset)
      unsafe buffer.copyBytes(from: bytes[offset..<offset + count])
      offset += count
      return count
    }
  }

  /// Pulls pieces from `next` until it returns 0.
  private static func parse(
    file: String,
    limits: GPXLimits,
    next: (UnsafeMutableRawBufferPointer) throws(GPXError) -> Int
  ) throws(GPXError) -> GPXDocument {
    let builder = GPXBuilder(limits: limits)
    guard let parser = ExpatParser(events: builder, limits: limits) else {
      throw GPXError(file: file, message: "out of memory")
    }
    builder.fail = { [unowned parser] in parser.fail($0) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var total = 0
    while true {
      let count = try unsafe next(buffer)
      total += count
      guard total <= limits.fileBytes else {
        throw GPXError(file: file, message: "larger than \(limits.fileBytes) bytes")
      }
      let piece = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
      guard unsafe parser.feed(piece, isFinal: count == 0) else { break }
      if count == 0 { return builder.document }
    }
    let failure = parser.failure ?? (1, "no XML")
    throw GPXError(file: file, line: failure.line, message: failure.message)
  }
}

/// The text of `errno`, for messages.
func systemErrorText() -> String {
  unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
}
