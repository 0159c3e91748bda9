// Comments: COMMENTS.

extension Linter {
  /// A declaration that a comment may describe.
  private struct Described {
    var rule: LintRule
    var kind: String
    var name: String
    var comments: SourceComments
    var options: DescriptorOptions
    var span: SourceSpan
  }

  mutating func checkComments() {
    for element in described() {
      let text = Self.text(of: element.comments)
      let what = "the \(element.kind) \"\(element.name)\""
      if text.isEmpty {
        find(element.rule, "\(what) has no comment", at: element.span)
        if element.options.isDeprecated {
          find(
            .deprecatedComment,
            "\(what) is deprecated and no comment says why",
            at: element.span,
            suggestion: "say what to use instead"
          )
        }
      } else if let fault = Self.fault(of: text, on: element.name) {
        find(.commentSentence, "the comment on \(what) \(fault)", at: element.span)
      }
    }
  }

  private func described() -> [Described] {
    var result: [Described] = []
    for message in messages { result += described(message) }
    for enumeration in enums { result += described(enumeration) }
    for field in file.extensions { result.append(described(field)) }
    for service in file.services {
      result.append(
        Described(
          rule: .commentService,
          kind: "service",
          name: service.name,
          comments: service.comments,
          options: service.options,
          span: service.nameSpan
        )
      )
      result += service.methods.map {
        Described(
          rule: .commentRPC,
          kind: "method",
          name: $0.name,
          comments: $0.comments,
          options: $0.options,
          span: $0.nameSpan
        )
      }
    }
    return result
  }

  private func described(_ message: MessageDescriptor) -> [Described] {
    let head = Described(
      rule: .commentMessage,
      kind: "message",
      name: message.name,
      comments: message.comments,
      options: message.options,
      span: message.nameSpan
    )
    let oneofs = message.oneofs.filter { !$0.isSynthetic }.map {
      Described(
        rule: .commentOneof,
        kind: "oneof",
        name: $0.name,
        comments: $0.comments,
        options: $0.options,
        span: $0.nameSpan
      )
    }
    return [head] + (message.fields + message.extensions).map(described) + oneofs
  }

  private func described(_ field: FieldDescriptor) -> Described {
    Described(
      rule: .commentField,
      kind: "field",
      name: field.name,
      comments: field.comments,
      options: field.options,
      span: field.nameSpan
    )
  }

  private func described(_ enumeration: EnumDescriptor) -> [Described] {
    let head = Described(
      rule: .commentEnum,
      kind: "enum",
      name: enumeration.name,
      comments: enumeration.comments,
      options: enumeration.options,
      span: enumeration.nameSpan
    )
    let values = enumeration.values.map {
      Described(
        rule: .commentEnumValue,
        kind: "value",
        name: $0.name,
        comments: $0.comments,
        options: $0.options,
        span: $0.nameSpan
      )
    }
    return [head] + values
  }

  // MARK: - Text

  /// What a declaration's comments say, without instructions to this program.
  static func text(of comments: SourceComments) -> String {
    let texts = [comments.leading, comments.trailing].compactMap(\.self)
    let lines = texts.flatMap(SourceComments.lines).filter {
      !LintIgnores.isDirective($0)
    }
    let trimmed = lines.map { line in
      let start = line.drop { $0.isWhitespace || $0 == "*" || $0 == "/" }
      return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
    return trimmed.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// Why a comment is no sentence; nil when it is one.
  private static func fault(of text: String, on name: String) -> String? {
    let firstWord = text.prefix { !$0.isWhitespace && $0 != "," && $0 != ":" && $0 != "." }
    if text.first?.isLowercase ?? false, firstWord != name {
      return "does not begin with a capital"
    }
    let ends: Set<Character> = [".", "!", "?", ":", ")", "\"", "`", "…"]
    if let last = text.last, !ends.contains(last) { return "does not end with a full stop" }
    return nil
  }
}
