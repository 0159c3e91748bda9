// What holds for each element where editions differ. proto2 and proto3 are editions too: their
// labels and options say what features say later.

extension Linker {
  mutating func resolveFeatures(of file: inout FileDescriptor) {
    let edition = file.edition
    var resolver = FeatureResolver(edition: edition)
    file.features = resolver.features(FeatureSet(edition), file.options, at: nil)
    for index in file.messages.indices {
      resolver.resolve(&file.messages[index], in: file.features)
    }
    for index in file.enums.indices { resolver.resolve(&file.enums[index], in: file.features) }
    for index in file.extensions.indices {
      resolver.resolve(&file.extensions[index], in: file.features)
    }
    for index in file.services.indices { resolver.check(file.services[index]) }
    for problem in resolver.problems { error(problem.message, at: problem.span) }
  }
}

/// Hands features down from a file to its elements.
private struct FeatureResolver {
  let edition: Edition
  var problems: [(message: String, span: SourceSpan?)] = []

  /// A parent's features with what an element's options change.
  mutating func features(
    _ parent: FeatureSet,
    _ options: DescriptorOptions,
    at place: SourceSpan?
  ) -> FeatureSet {
    guard options.known["features"] != nil else { return parent }
    let span = options.span(of: "features") ?? place
    guard edition >= .edition2023 else {
      problems.append(("features belong to editions; this file is \(edition.name)", span))
      return parent
    }
    var result = parent
    if let unknown = result.apply(options.features) {
      problems.append(("the feature \"\(unknown)\" has no meaning with this value", span))
    }
    return result
  }

  mutating func resolve(_ message: inout MessageDescriptor, in parent: FeatureSet) {
    message.features = features(parent, message.options, at: message.nameSpan)
    let own = message.features
    let oneofs = message.oneofs.map { features(own, $0.options, at: $0.nameSpan) }
    for index in message.fields.indices {
      let position = message.fields[index].oneofIndex
      resolve(&message.fields[index], in: position.map { oneofs[$0] } ?? own)
      if message.isMapEntry { message.fields[index].features.messageEncoding = .lengthPrefixed }
    }
    for index in message.extensions.indices { resolve(&message.extensions[index], in: own) }
    for range in message.extensionRanges {
      _ = features(own, range.options, at: range.range.span)
    }
    for index in message.messages.indices { resolve(&message.messages[index], in: own) }
    for index in message.enums.indices { resolve(&message.enums[index], in: own) }
    resolveMaps(of: &message)
  }

  /// The key and the value of a map are as the map is; entries are never groups.
  private mutating func resolveMaps(of message: inout MessageDescriptor) {
    guard message.messages.contains(where: \.isMapEntry) else { return }
    var maps: [String: Int] = [:]
    for (index, field) in message.fields.enumerated() where field.isRepeated {
      maps[field.typeName] = index
    }
    for index in message.messages.indices where message.messages[index].isMapEntry {
      guard let map = maps[message.messages[index].fullName] else { continue }
      message.fields[map].features.messageEncoding = .lengthPrefixed
      let options = message.fields[map].options.onlyFeatures
      for part in message.messages[index].fields.indices {
        resolve(&message.messages[index].fields[part], in: message.fields[map].features)
        message.messages[index].fields[part].options = options
      }
    }
  }

  mutating func resolve(_ field: inout FieldDescriptor, in parent: FeatureSet) {
    field.features = features(parent, field.options, at: field.nameSpan)
    if edition < .edition2023 { field.inferFeatures() }
    let isAlwaysPresent =
      field.extendee != nil || field.oneofIndex != nil || field.type == .message
      || field.type == .group
    field.hasPresence =
      !field.isRepeated && (isAlwaysPresent || field.features.fieldPresence != .implicit)
    field.isPacked =
      field.isRepeated && field.type.isPackable
      && field.features.repeatedFieldEncoding == .packed
  }

  mutating func resolve(_ enumeration: inout EnumDescriptor, in parent: FeatureSet) {
    enumeration.features = features(parent, enumeration.options, at: enumeration.nameSpan)
    enumeration.isClosed = enumeration.features.enumType == .closed
    for value in enumeration.values where !value.options.isEmpty {
      _ = features(enumeration.features, value.options, at: value.nameSpan)
    }
  }

  /// Services have features that nothing here depends on.
  mutating func check(_ service: ServiceDescriptor) {
    let any = FeatureSet(edition)
    _ = features(any, service.options, at: service.nameSpan)
    for method in service.methods where !method.options.isEmpty {
      _ = features(any, method.options, at: method.nameSpan)
    }
  }
}

extension DescriptorOptions {
  fileprivate var onlyFeatures: DescriptorOptions {
    var result = DescriptorOptions()
    result.known["features"] = known["features"]
    result.fields = fields.filter { $0.name == "features" && !$0.isExtension }
    return result
  }
}

extension FieldDescriptor {
  /// What labels, groups and `packed` amount to.
  fileprivate mutating func inferFeatures() {
    if label == .required { features.fieldPresence = .legacyRequired }
    if isProto3Optional { features.fieldPresence = .explicit }
    if type == .group { features.messageEncoding = .delimited }
    if let packed = options.flag("packed") {
      features.repeatedFieldEncoding = packed ? .packed : .expanded
    }
  }
}
