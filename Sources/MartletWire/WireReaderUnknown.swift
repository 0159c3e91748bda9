// Fields that a message does not have, or has with another wire type.

extension WireReader {
  /// Keeps a field that the message does not have.
  ///
  /// A known field with a wire type that does not fit it comes here too, as in protobuf.
  ///
  /// - Parameters:
  ///   - tag: What `nextTag` returned.
  ///   - fields: Where the field goes, its tag included, verbatim.
  public mutating func unknownField(_ tag: UInt32, into fields: inout UnknownFields) {
    let start = unsafe tagStart
    skipField(tag)
    guard failure == nil else { return }
    unsafe fields.append(UnsafeRawBufferPointer(start: start, count: position - start))
  }

  /// Moves past a field.
  ///
  /// - Parameter tag: What `nextTag` returned.
  @usableFromInline
  mutating func skipField(_ tag: UInt32) {
    guard tag >= 8 else { return fail(.invalidTag) }
    switch tag & 7 {
    case 0: _ = varint()
    case 1: _ = fixed(UInt64.self)
    case 2: unsafe position += length()
    case 3: skipGroup(tag &>> 3)
    case 4: fail(.unmatchedEndGroup)
    case 5: _ = fixed(UInt32.self)
    default: fail(.invalidTag)
    }
  }

  /// Moves past the fields of a group and its end tag.
  private mutating func skipGroup(_ number: UInt32) {
    guard depth > 0 else { return fail(.tooDeep) }
    depth &-= 1
    defer { depth &+= 1 }
    while true {
      let tag = nextTag()
      if tag == number &<< 3 | 4 { return }
      if tag == 0 { return fail(.truncated) }
      skipField(tag)
    }
  }
}
