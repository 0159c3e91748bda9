public import MartletWire

// A message of any type with a URL that names the type: `type.googleapis.com/package.Name`.

extension ProtoAny {
  /// What stands before the name in a type URL unless said otherwise.
  public static let defaultURLPrefix = "type.googleapis.com"

  /// Why a message cannot be taken out.
  public enum UnpackError: Error, Hashable {
    /// It holds another type, by its full name, "" where the URL names none.
    case holds(String)
    /// Its bytes are not such a message.
    case malformed(WireError)
  }

  /// Packs a message.
  ///
  /// - Parameters:
  ///   - message: What to pack.
  ///   - urlPrefix: What stands before the slash and the type's name.
  ///   - deterministic: Whether equal messages give equal bytes: maps are then sorted by key.
  public init(
    packing message: some Message,
    urlPrefix: String = defaultURLPrefix,
    deterministic: Bool = false
  ) {
    self.init()
    typeUrl = urlPrefix + "/" + type(of: message).protoName
    value = message.encoded(deterministic: deterministic)
  }

  /// The full name of the type held: what follows the URL's last slash; nil without a slash or a
  /// name.
  public var messageName: String? {
    guard let slash = typeUrl.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
    let name = typeUrl[typeUrl.utf8.index(after: slash)...]
    return name.isEmpty ? nil : String(name)
  }

  /// Whether a message of this type is held, going by the URL.
  public func `is`(_ type: any Message.Type) -> Bool {
    // By bytes: a peer's text may be one that takes long to compare as text.
    messageName?.utf8.elementsEqual(type.protoName.utf8) ?? false
  }

  /// Takes the message out.
  ///
  /// - Parameters:
  ///   - type: The message's type.
  ///   - limits: What to refuse.
  /// - Returns: The message.
  /// - Throws: `UnpackError` when another type is held or the bytes are malformed.
  public func unpack<Packed: Message>(
    as type: Packed.Type,
    limits: DecodingLimits = .default
  ) throws(UnpackError) -> Packed {
    guard self.is(type) else { throw .holds(messageName ?? "") }
    do throws(WireError) {
      return try Packed(decoding: value, limits: limits)
    } catch {
      throw .malformed(error)
    }
  }
}
