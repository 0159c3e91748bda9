internal import CSQLite
internal import Glibc

/// A value to bind.
package enum SQLiteValue: Sendable, Hashable {
  case null
  case int(Int64)
  case double(Double)
  case text(String)
  case blob([UInt8])

  /// The value, or NULL.
  package static func optional(_ value: Int64?) -> SQLiteValue { value.map { .int($0) } ?? .null }

  /// The value, or NULL.
  package static func optional(_ value: [UInt8]?) -> SQLiteValue {
    value.map { .blob($0) } ?? .null
  }
}

/// A compiled statement, on loan for the length of a closure.
///
/// Parameters count from 1, as in SQL's `?1`; columns count from 0.
package final class Statement {
  private let handle: OpaquePointer
  private unowned let database: Database
  private var isLent = true

  init(_ sql: String, database: Database) throws(SQLiteError) {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      database.connection,
      sql,
      -1,
      UInt32(SQLITE_PREPARE_PERSISTENT),
      &handle,
      nil
    )
    guard code == SQLITE_OK else {
      throw SQLiteError(code: code, connection: database.connection, path: database.path)
    }
    guard let handle else { throw database.misuse("an empty statement") }
    self.handle = handle
    self.database = database
  }

  deinit { sqlite3_finalize(handle) }

  /// Whether it was free; it is lent out now.
  func take() -> Bool {
    guard !isLent else { return false }
    isLent = true
    return true
  }

  func giveBack() {
    isLent = false
    reset()
    sqlite3_clear_bindings(handle)
  }

  // MARK: Running

  /// Goes on to the next row; false when there is none.
  package func step() throws(SQLiteError) -> Bool {
    errno = 0
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw SQLiteError(
      code: code,
      connection: database.connection,
      path: database.path,
      lastErrno: errno
    )
  }

  /// Goes back to before the first row, with the bound values.
  package func reset() {
    columnError = nil
    sqlite3_reset(handle)  // Its code repeats the error that `step` threw.
  }

  /// The row that `step` went to.
  package var row: Row { Row(self) }

  // MARK: Binding

  package func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
    for (index, value) in values.enumerated() {
      let parameter = Int32(truncatingIfNeeded: index + 1)
      switch value {
      case .null: try check(sqlite3_bind_null(handle, parameter))
      case .int(let number): try bind(parameter, number)
      case .double(let number): try bind(parameter, number)
      case .text(let text): try bind(parameter, text)
      case .blob(let bytes): try bind(parameter, bytes)
      }
    }
  }

  package func bind(_ parameter: Int32, _ value: Int64) throws(SQLiteError) {
    try check(sqlite3_bind_int64(handle, parameter, value))
  }

  /// A NaN becomes NULL: SQLite has none.
  package func bind(_ parameter: Int32, _ value: Double) throws(SQLiteError) {
    try check(sqlite3_bind_double(handle, parameter, value))
  }

  package func bind(_ parameter: Int32, _ value: String) throws(SQLiteError) {
    var value = value
    let code = value.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        sqlite3_bind_text64(
          handle,
          parameter,
          text.baseAddress ?? emptyText,
          UInt64(text.count),
          csqlite_transient(),
          UInt8(SQLITE_UTF8)
        )
      }
    }
    try check(code)
  }

  package func bind(_ parameter: Int32, _ value: [UInt8]) throws(SQLiteError) {
    let code = value.withUnsafeBytes { bind(parameter, $0) }
    try check(code)
  }

  package func bind(_ parameter: Int32, _ value: RawSpan) throws(SQLiteError) {
    let code = value.withUnsafeBytes { bind(parameter, $0) }
    try check(code)
  }

  /// A null pointer would bind NULL, so an empty blob has its own call.
  private func bind(_ parameter: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return sqlite3_bind_zeroblob(handle, parameter, 0)
    }
    return sqlite3_bind_blob64(
      handle,
      parameter,
      start,
      UInt64(bytes.count),
      csqlite_transient()
    )
  }

  private func check(_ code: Int32) throws(SQLiteError) {
    try database.check(code)
  }

  // MARK: Columns of the current row

  /// The first column that was not what it was read as; the query throws it after its closure.
  private(set) var columnError: SQLiteError?

  func throwColumnError() throws(SQLiteError) {
    guard let error = columnError else { return }
    columnError = nil
    throw error
  }

  func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }

  func int64(_ column: Int32) -> Int64 {
    expect(SQLITE_INTEGER, column) ? sqlite3_column_int64(handle, column) : 0
  }

  func double(_ column: Int32) -> Double {
    let fits = type(column) == SQLITE_INTEGER || expect(SQLITE_FLOAT, column)
    return fits ? sqlite3_column_double(handle, column) : 0
  }

  func text(_ column: Int32) -> String {
    guard expect(SQLITE_TEXT, column), let start = sqlite3_column_text(handle, column) else {
      return ""
    }
    let count = Int(sqlite3_column_bytes(handle, column))
    let bytes = UnsafeBufferPointer(start: start, count: count)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    refuse(column, "text that is not UTF-8")
    return ""
  }

  func blob(_ column: Int32) -> [UInt8] {
    guard expect(SQLITE_BLOB, column) else { return [] }
    let start = sqlite3_column_blob(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  private func expect(_ wanted: Int32, _ column: Int32) -> Bool {
    if type(column) == wanted { return true }
    refuse(column, "type \(type(column)), expected \(wanted)")
    return false
  }

  func refuse(_ column: Int32, _ what: String) {
    guard columnError == nil else { return }
    let name = sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "?"
    columnError = SQLiteError(
      kind: .columnType,
      message: "column \(column) (\(name)): \(what)",
      path: database.path
    )
  }
}

/// A null pointer would bind NULL instead of an empty text.
private nonisolated(unsafe) let emptyText = StaticString("").utf8Start.withMemoryRebound(
  to: CChar.self,
  capacity: 1
) { UnsafePointer($0) }

/// The row that a query stands on; only good while its closure runs.
///
/// Readers check the column's type. One that meets another type (NULL included) gives zero, or
/// nothing, and the query throws `columnType` when the closure returns: so closures need no `try`.
package struct Row {
  private let statement: Statement

  init(_ statement: Statement) { self.statement = statement }

  package func isNull(_ column: Int32) -> Bool { statement.type(column) == SQLITE_NULL }

  package func int64(_ column: Int32) -> Int64 { statement.int64(column) }

  /// An integer is taken as well: SQLite stores 1.0 as 1 where that is smaller.
  package func double(_ column: Int32) -> Double { statement.double(column) }

  package func text(_ column: Int32) -> String { statement.text(column) }

  package func blob(_ column: Int32) -> [UInt8] { statement.blob(column) }

  package func optionalInt64(_ column: Int32) -> Int64? {
    isNull(column) ? nil : int64(column)
  }

  package func optionalDouble(_ column: Int32) -> Double? {
    isNull(column) ? nil : double(column)
  }

  package func optionalText(_ column: Int32) -> String? {
    isNull(column) ? nil : text(column)
  }

  package func optionalBlob(_ column: Int32) -> [UInt8]? {
    isNull(column) ? nil : blob(column)
  }

  /// Makes the query throw `columnType`: the value has the right type and makes no sense.
  package func refuse(_ column: Int32, _ reason: String) { statement.refuse(column, reason) }
}
