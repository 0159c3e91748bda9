#pragma once
#include <sqlite3.h>

// Variadic functions and macros do not reach Swift.

/// Turns SQLite's count of its memory off: each allocation would take a process-wide lock for it.
/// Before anything else of SQLite is called.
static inline int csqlite_disable_memory_statistics(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// Forbids statements that could damage the file itself, `PRAGMA writable_schema` for one.
static inline int csqlite_set_defensive(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

/// Tells SQLite to copy a bound value before the call returns.
static inline sqlite3_destructor_type csqlite_transient(void) { return SQLITE_TRANSIENT; }
