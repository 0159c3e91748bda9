/// Which single nested messages stand behind a reference in the messages around them.
///
/// Those that may contain what they are in have to. Large ones do, because a value in line is
/// copied, retained and released field by field wherever the message around it is, and that is code
/// for each of its fields several times over; a reference costs an allocation instead.
struct SwiftLayout {
  /// The most bytes of a message that is held in line.
  static let largestInline = 64

  private static let referenceSize = 8

  private let circles: MessageCircles
  /// About how many bytes a message's value is, what stands behind references left out.
  private var sizes: [String: Int] = [:]

  /// - Parameter schema: linked files.
  init(_ schema: SchemaSet) {
    circles = MessageCircles(schema)
    for message in circles.sorted { sizes[message.fullName] = size(of: message) }
  }

  /// - Parameters:
  ///   - field: a field.
  ///   - message: the message that has it.
  /// - Returns: whether its value stands behind a reference.
  func isBoxed(_ field: FieldDescriptor, in message: MessageDescriptor) -> Bool {
    guard field.type == .message, !field.isRepeated else { return false }
    return circles.join(message.fullName, field.typeName)
      || sizes[field.typeName, default: 0] > Self.largestInline
  }

  private func size(of message: MessageDescriptor) -> Int {
    var sum = Self.referenceSize  // unknown fields
    var largestCases: [Int: Int] = [:]
    for field in message.fields {
      let size = size(of: field, in: message)
      if let index = field.oneofIndex, !message.oneofs[index].isSynthetic {
        largestCases[index] = max(largestCases[index] ?? 0, size)
      } else {
        sum += size
      }
    }
    return sum + largestCases.values.reduce(0, +)
  }

  private func size(of field: FieldDescriptor, in message: MessageDescriptor) -> Int {
    if field.isRepeated || isBoxed(field, in: message) { return Self.referenceSize }
    return switch field.type {
    case .message: sizes[field.typeName, default: Self.referenceSize]
    case .string: 16
    case .bytes, .double, .int64, .uint64, .sint64, .fixed64, .sfixed64: 8
    default: 4
    }
  }
}
