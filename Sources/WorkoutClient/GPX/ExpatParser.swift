internal import CExpat

/// What an XML parser reports, in the order of the file.
///
/// Text may come in several pieces.
protocol XMLEvents: AnyObject {
  /// A start tag. Attributes are read with the closure, by local name, only when they matter.
  func startElement(_ name: Substring, attribute: (StaticString) -> String?, line: Int)
  func endElement(line: Int)
  func text(_ utf8: UnsafeBufferPointer<UInt8>, line: Int)
}

/// Expat fed piece by piece.
///
/// The one file of this module where its pointers are seen.
///
/// It reads names without namespaces: many recorders write prefixes that they never declare,
/// which a strict reader would refuse. Declarations of entities and of attributes, whose defaults
/// every element would repeat, are refused outright, so nothing expands (CVE-2013-0340 and its kin).
@safe
final class ExpatParser {
  private let parser: XML_Parser
  private let events: any XMLEvents
  private let limits: GPXLimits
  private var depth = 0
  private var fedBytes = 0
  private(set) var failure: (line: Int, message: String)?

  /// Returns nil when there is no memory for a parser.
  init?(events: any XMLEvents, limits: GPXLimits) {
    guard let created = unsafe XML_ParserCreate(nil) else { return nil }
    unsafe parser = created
    self.events = events
    self.limits = limits
    unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    unsafe XML_SetElementHandler(parser, onStart, onEnd)
    unsafe XML_SetCharacterDataHandler(parser, onText)
    unsafe XML_SetEntityDeclHandler(parser, onEntity)
    unsafe XML_SetAttlistDeclHandler(parser, onAttributeList)
  }

  deinit { unsafe XML_ParserFree(parser) }

  private var line: Int { Int(unsafe XML_GetCurrentLineNumber(parser)) }

  /// Stops at the first fault; later ones are its consequences.
  func fail(_ message: String) {
    if failure == nil { failure = (line, message) }
    unsafe XML_StopParser(parser, XML_Bool(XML_FALSE))
  }

  /// Feeds a piece of the file.
  ///
  /// Returns false once `failure` is set.
  func feed(_ bytes: UnsafeRawBufferPointer, isFinal: Bool) -> Bool {
    guard failure == nil else { return false }
    let base = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    let status = unsafe XML_Parse(parser, base, Int32(clamping: bytes.count), isFinal ? 1 : 0)
    fedBytes += bytes.count
    if status == XML_STATUS_ERROR, failure == nil {
      let code = unsafe XML_GetErrorCode(parser)
      failure = (line, unsafe XML_ErrorString(code).map { unsafe String(cString: $0) } ?? "no XML")
    }
    if failure == nil, !isFinal {
      let pending = fedBytes - Int(unsafe XML_GetCurrentByteIndex(parser))
      if pending > limits.tokenBytes {
        failure = (line, "a tag or comment is longer than \(limits.tokenBytes) bytes")
      }
    }
    return failure == nil
  }

  fileprivate func start(
    _ name: UnsafePointer<CChar>,
    _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>
  ) {
    depth += 1
    guard depth <= limits.depth else {
      fail("elements nest deeper than \(limits.depth)")
      return
    }
    events.startElement(
      localName(unsafe String(cString: name)),
      attribute: { unsafe Self.value(of: $0, in: attributes) },
      line: line
    )
  }

  fileprivate func end() {
    depth -= 1
    events.endElement(line: line)
  }

  fileprivate func text(_ start: UnsafePointer<CChar>, _ count: Int32) {
    unsafe start.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
      unsafe events.text(UnsafeBufferPointer(start: $0, count: Int(count)), line: line)
    }
  }

  private static func value(
    of name: StaticString,
    in attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>
  ) -> String? {
    var index = 0
    while let key = unsafe attributes[index], let value = unsafe attributes[index + 1] {
      if localName(unsafe String(cString: key)) == name.description {
        return unsafe String(cString: value)
      }
      index += 2
    }
    return nil
  }
}

/// The name without its namespace prefix.
private func localName(_ name: String) -> Substring {
  guard let colon = name.lastIndex(of: ":") else { return name[...] }
  return name[name.index(after: colon)...]
}

// Expat's callbacks. The user data is the parser object, which outlives every call of `feed`.

private func parser(_ userData: UnsafeMutableRawPointer?) -> ExpatParser? {
  unsafe userData.map { unsafe Unmanaged<ExpatParser>.fromOpaque($0).takeUnretainedValue() }
}

private let onStart: XML_StartElementHandler = { userData, name, attributes in
  guard let name = unsafe name, let attributes = unsafe attributes else { return }
  unsafe parser(userData)?.start(name, attributes)
}

private let onEnd: XML_EndElementHandler = { userData, _ in
  unsafe parser(userData)?.end()
}

private let onText: XML_CharacterDataHandler = { userData, start, count in
  guard let start = unsafe start else { return }
  unsafe parser(userData)?.text(start, count)
}

private let onEntity: XML_EntityDeclHandler = { userData, _, _, _, _, _, _, _, _ in
  unsafe parser(userData)?.fail("declarations of entities are not accepted")
}

private let onAttributeList: XML_AttlistDeclHandler = { userData, _, _, _, _, _ in
  unsafe parser(userData)?.fail("declarations of attributes are not accepted")
}
