/// What a call carries besides its messages: an ordered list of names, each with one or more
/// values.
///
/// A name ends in `-bin` exactly when its values are bytes; all others are printable ASCII text.
/// Names are lower case; look-ups and insertions lower them. Names that the protocol itself uses
/// (`grpc-…`, `content-type`, `te`, `:path`, …) cannot be set.
public struct Metadata: Sendable, Hashable {
  /// One value: text, or bytes for a name that ends in `-bin`.
  public enum Value: Sendable, Hashable {
    /// Printable ASCII, without space at either end.
    case text(String)
    /// Any bytes; base64 on the wire.
    case binary([UInt8])
  }

  /// One name with one value.
  public struct Entry: Sendable, Hashable {
    /// The name, in lower case.
    public let name: String
    /// The value.
    public let value: Value
  }

  /// All entries, in order.
  public private(set) var entries: [Entry] = []

  /// Creates metadata without entries.
  public init() {}

  /// Whether there is no entry.
  public var isEmpty: Bool { entries.isEmpty }

  /// The first text value of a name; nil when there is none.
  ///
  /// - Complexity: O(number of entries).
  public subscript(name: String) -> String? {
    for entry in entries where entry.name == name {
      if case .text(let text) = entry.value { return text }
    }
    return nil
  }

  /// All text values of a name, in order.
  ///
  /// - Parameter name: the name, in lower case.
  /// - Returns: the values; empty when there are none.
  /// - Complexity: O(number of entries).
  public func values(for name: String) -> [String] {
    entries.compactMap { entry in
      if entry.name == name, case .text(let text) = entry.value { text } else { nil }
    }
  }

  /// All values of a name that ends in `-bin`, in order.
  ///
  /// - Parameter name: the name, in lower case.
  /// - Returns: the values, decoded; empty when there are none.
  /// - Complexity: O(number of entries).
  public func binaryValues(for name: String) -> [[UInt8]] {
    entries.compactMap { entry in
      if entry.name == name, case .binary(let bytes) = entry.value { bytes } else { nil }
    }
  }

  /// Adds a text value after those that the name has.
  ///
  /// - Parameters:
  ///   - value: printable ASCII, not starting or ending with a space.
  ///   - name: of letters, digits, `_`, `-` and `.`; not reserved, not ending in `-bin`.
  /// - Throws: `RPCError` INTERNAL when the name or the value is none of that.
  public mutating func append(_ value: String, for name: String) throws(RPCError) {
    let name = try MetadataName.checked(name, binary: false)
    guard MetadataName.isText(value) else {
      throw RPCError(.internal, "the value of metadata '\(name)' is not printable ASCII")
    }
    entries.append(Entry(name: name, value: .text(value)))
  }

  /// Adds a value of bytes after those that the name has.
  ///
  /// - Parameters:
  ///   - value: any bytes.
  ///   - name: a name that ends in `-bin`.
  /// - Throws: `RPCError` INTERNAL when the name is malformed, reserved or lacks the ending.
  public mutating func append(_ value: [UInt8], for name: String) throws(RPCError) {
    let name = try MetadataName.checked(name, binary: true)
    entries.append(Entry(name: name, value: .binary(value)))
  }

  /// Replaces all values of a name by one text value.
  ///
  /// - Parameters:
  ///   - value: printable ASCII, not starting or ending with a space.
  ///   - name: as for `append`.
  /// - Throws: `RPCError` INTERNAL when the name or the value is malformed or reserved.
  public mutating func set(_ value: String, for name: String) throws(RPCError) {
    var changed = self
    changed.removeAll(name)
    try changed.append(value, for: name)
    self = changed
  }

  /// Removes all values of a name.
  ///
  /// - Parameter name: the name; one that is not there changes nothing.
  public mutating func removeAll(_ name: String) {
    let name = name.lowercased()
    entries.removeAll { $0.name == name }
  }

  /// Adds all entries of another metadata after one's own.
  ///
  /// - Parameter other: the entries to add.
  public mutating func append(contentsOf other: Metadata) {
    entries.append(contentsOf: other.entries)
  }
}

extension Metadata {
  /// What is received above this is dropped.
  ///
  /// A header list of 16 KiB cannot hold more fields, but its values can hold thousands of commas, and
  /// HPACK sends such a value again in one byte.
  static let maxReceivedEntries = 512

  /// Takes a header off the wire.
  ///
  /// The protocol's own names are left out, a `-bin` value is split at its commas and decoded,
  /// and one that is not base64 is dropped, as the peer's fault must not end the call.
  package mutating func receive(name: String, value: String) {
    guard !MetadataName.isReserved(name), entries.count < Self.maxReceivedEntries else { return }
    guard name.hasSuffix(MetadataName.binarySuffix) else {
      entries.append(Entry(name: name, value: .text(value)))
      return
    }
    for part in value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard entries.count < Self.maxReceivedEntries else { return }
      guard let bytes = Base64.decode(part.trimmingSpaces()) else { continue }
      entries.append(Entry(name: name, value: .binary(bytes)))
    }
  }
}

extension Metadata {
  /// The size as RFC 9113, section 6.5.2, counts it: name, value and 32 for each entry.
  var listBytes: Int {
    entries.reduce(0) { sum, entry in
      let valueBytes =
        switch entry.value {
        case .text(let text): text.utf8.count
        case .binary(let bytes): Base64.encodedCount(bytes.count)
        }
      return sum + entry.name.utf8.count + valueBytes + 32
    }
  }
}

extension Metadata.Entry {
  /// The value as it stands in a header.
  package var wireValue: String {
    switch value {
    case .text(let text): text
    case .binary(let bytes): String(decoding: Base64.encode(bytes), as: UTF8.self)
    }
  }
}

/// The rules for a metadata name (PROTOCOL-HTTP2.md, "Header-Name").
enum MetadataName {
  static let binarySuffix = "-bin"

  static func checked(_ name: String, binary: Bool) throws(RPCError) -> String {
    let name = name.lowercased()
    guard !name.isEmpty, name.utf8.allSatisfy(isNameByte) else {
      throw RPCError(.internal, "metadata names are of letters, digits, '_', '-' and '.'")
    }
    guard !isReserved(name) else {
      throw RPCError(.internal, "metadata '\(name)' is reserved for the protocol")
    }
    guard name.hasSuffix(binarySuffix) == binary else {
      throw RPCError(.internal, "only names that end in '-bin' hold bytes, and '\(name)' is wrong")
    }
    return name
  }

  /// What HTTP/2 and gRPC use themselves, and what RFC 9113 section 8.2.2 forbids in a request.
  static func isReserved(_ name: String) -> Bool {
    switch name {
    case "content-type", "te", "connection", "keep-alive", "proxy-connection",
      "transfer-encoding", "upgrade", "content-length", "host":
      true
    default:
      name.utf8.first == UInt8(ascii: ":") || name.hasPrefix("grpc-")
    }
  }

  static func isText(_ value: String) -> Bool {
    let space = UInt8(ascii: " ")
    return value.utf8.allSatisfy { (0x20...0x7e).contains($0) }
      && value.utf8.first != space && value.utf8.last != space
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

extension Substring.UTF8View {
  /// The bytes without spaces at either end.
  fileprivate func trimmingSpaces() -> Substring.UTF8View {
    let space = UInt8(ascii: " ")
    var rest = self
    while rest.first == space { rest = rest.dropFirst() }
    while rest.last == space { rest = rest.dropLast() }
    return rest
  }
}
