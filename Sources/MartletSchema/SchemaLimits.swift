/// What the compiler accepts of a schema: no input may take unbounded memory, time or stack.
package struct SchemaLimits: Sendable, Hashable {
  /// Bytes of one file.
  package var fileBytes = 8 << 20
  /// Bytes of one file's descriptor, which may hold places and comments besides.
  package var descriptorBytes = 32 << 20
  /// Bytes of a set of descriptors.
  package var descriptorSetBytes = 512 << 20
  /// Bytes of the blank text that stands for a file whose places alone are known; columns count
  /// a tab as up to eight.
  package var blankTextBytes = 64 << 20
  /// Files of one run, imported ones included.
  package var files = 10_000
  /// Levels of messages within messages, as in protoc.
  package var messageDepth = 31
  /// Levels of braces in the value of an option.
  package var optionDepth = 96
  /// Imports of imports of imports.
  package var importDepth = 200
  /// Levels of messages compared with messages of other names.
  package var comparisonDepth = 100
  /// Errors of one run; the rest are counted only.
  package var errors = 100
  /// Names compared in search of one to suggest.
  package var suggestionCandidates = 4_000

  package init() {}
}
