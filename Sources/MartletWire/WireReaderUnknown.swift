// Fields that a message does not have, or has with another wire type.

extension WireReader {
  /// Keeps a field that the message does not have.
  ///
  /// A known field with a wire type that does not fit it comes here too, as in protobuf.
  ///
  /// - Parameters:
  ///   - tag: What `nextTag` returned.
  ///   - fields: Where the field goes, its tag included, verbatim.
  /// - Throws: `WireError` when the field is malformed.
  @inlinable
  public mutating func unknownField(
    _ tag: UInt32,
    into fields: inout UnknownFields
  ) throws(WireError) {
    unsafe position = try skip(tag, position, end, depth: depth)
    keepField(in: &fields)
  }

  /// Keeps the field just read: a map's entry that holds more than a key and a value.
  ///
  /// Like upb, the map then goes without the entry, for it could not be written whole.
  ///
  /// - Parameter fields: Where the field goes, its tag included, verbatim.
  @inlinable
  public mutating func keepField(in fields: inout UnknownFields) {
    unsafe fields.append(UnsafeRawBufferPointer(start: tagStart, count: position - tagStart))
  }

  /// Moves past a field that a map's entry does not have.
  ///
  /// - Parameter tag: What `nextTag` returned.
  /// - Throws: `WireError` when the field is malformed.
  @inlinable
  public mutating func skipField(_ tag: UInt32) throws(WireError) {
    unsafe position = try skip(tag, position, end, depth: depth)
  }

  /// Moves past the fields of a group and its end tag.
  fileprivate mutating func skipGroup(_ number: UInt32) throws(WireError) {
    guard depth > 0 else { throw .tooDeep }
    while let tag = try nextTag() {
      if tag == number &<< 3 | 4 { return }
      unsafe position = try skip(tag, position, end, depth: depth &- 1)
    }
    throw .truncated
  }
}

/// Where the value after a tag ends.
@usableFromInline
func skip(
  _ tag: UInt32,
  _ start: UnsafeRawPointer,
  _ end: UnsafeRawPointer,
  depth: Int
) throws(WireError) -> UnsafeRawPointer {
  guard tag >= 8 else { throw .invalidTag }
  var reader = unsafe WireReader(start, end, depth: depth)
  switch tag & 7 {
  case 0: _ = try reader.varint()
  case 1: _ = try reader.fixed64()
  case 2: unsafe reader.position += try reader.length()
  case 3: try reader.skipGroup(tag &>> 3)
  case 4: throw .unmatchedEndGroup
  case 5: _ = try reader.fixed32()
  default: throw .invalidTag
  }
  return unsafe reader.position
}
