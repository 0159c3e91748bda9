/// What the compiler accepts of a schema: no input may take unbounded memory, time or stack.
package struct SchemaLimits: Sendable, Hashable {
  /// Bytes of one file.
  package var fileBytes = 8 << 20
  /// Files of one run, imported ones included.
  package var files = 10_000
  /// Levels of messages within messages, as in protoc.
  package var messageDepth = 31
  /// Levels of braces in the value of an option.
  package var optionDepth = 32
  /// Imports of imports of imports.
  package var importDepth = 200
  /// Errors of one run; the rest are counted only.
  package var errors = 100
  /// Names compared in search of one to suggest.
  package var suggestionCandidates = 4_000

  package init() {}
}
