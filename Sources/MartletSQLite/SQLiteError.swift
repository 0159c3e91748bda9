internal import CSQLite
internal import Glibc

/// Why SQLite, or this binding, refused.
package struct SQLiteError: Error, Sendable, Hashable {
  /// What a caller can act upon; the codes say the rest.
  package enum Kind: Sendable, Hashable {
    /// The disk, a quota or a file size limit is used up. Room may come back.
    case full
    /// The file is damaged or is no SQLite file.
    case corrupt
    /// Another connection holds a lock for longer than the busy timeout.
    case busy
    /// The operating system failed a read, a write, a sync or an open.
    case io
    /// The file, the directory or the connection is read-only, or access is denied.
    case readOnly
    /// A unique key, a foreign key, a check or a NOT NULL.
    case constraint
    /// A value or a statement is over SQLite's limits.
    case tooBig
    /// A column holds another type than the one asked for, or no text in UTF-8.
    case columnType
    /// The file was written by a newer program, or by another program altogether.
    case incompatible
    /// A wrong statement or a wrong use of this binding: our bug.
    case misuse
    /// Anything else, out of memory among them.
    case other
  }

  package var kind: Kind
  /// SQLite's primary result code; `SQLITE_OK` (0) when the binding itself refused.
  package var code: Int32
  /// SQLite's extended result code.
  package var extendedCode: Int32
  /// `errno` of the system call that failed, or 0.
  package var systemErrno: Int32
  package var message: String
  /// The database file.
  package var path: String

  package init(
    kind: Kind,
    message: String,
    path: String,
    extendedCode: Int32 = 0,
    systemErrno: Int32 = 0
  ) {
    self.kind = kind
    self.code = extendedCode & 0xff
    self.extendedCode = extendedCode
    self.systemErrno = systemErrno
    self.message = message
    self.path = path
  }
}

extension SQLiteError: CustomStringConvertible {
  package var description: String {
    let number = extendedCode == 0 ? "" : " (\(extendedCode))"
    let system = systemErrno == 0 ? "" : ", errno \(systemErrno)"
    return "\(path): \(kind): \(message)\(number)\(system)"
  }
}

extension SQLiteError {
  /// What a failed call left in the connection.
  ///
  /// `lastErrno` is the thread's `errno` after the call, which had been 0 before it: when COMMIT
  /// fails, SQLite 3.40 keeps no system error of its own.
  init(code: Int32, connection: OpaquePointer?, path: String, lastErrno: Int32 = 0) {
    let extended = connection.map { sqlite3_extended_errcode($0) } ?? code
    let matching = extended & 0xff == code & 0xff ? extended : code
    let isSystem = [SQLITE_IOERR, SQLITE_CANTOPEN].contains(matching & 0xff)
    let kept = connection.map { sqlite3_system_errno($0) } ?? 0
    let system = !isSystem ? 0 : lastErrno != 0 ? lastErrno : kept
    let text = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    self.init(
      kind: Self.kind(code: matching & 0xff, systemErrno: system),
      message: text.map { String(cString: $0) } ?? "unknown error",
      path: path,
      extendedCode: matching,
      systemErrno: system
    )
  }

  /// SQLite reports only ENOSPC as FULL; a quota and a file size limit come as I/O errors, and
  /// mean the same to who has to make room.
  private static func kind(code: Int32, systemErrno: Int32) -> Kind {
    switch code {
    case SQLITE_FULL: .full
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .corrupt
    case SQLITE_BUSY, SQLITE_LOCKED: .busy
    case SQLITE_IOERR, SQLITE_CANTOPEN:
      switch systemErrno {
      case ENOSPC, EDQUOT, EFBIG: .full
      case EROFS, EACCES, EPERM: .readOnly
      default: .io
      }
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
    case SQLITE_CONSTRAINT: .constraint
    case SQLITE_TOOBIG: .tooBig
    case SQLITE_ERROR, SQLITE_MISUSE, SQLITE_RANGE, SQLITE_MISMATCH: .misuse
    default: .other
    }
  }
}
