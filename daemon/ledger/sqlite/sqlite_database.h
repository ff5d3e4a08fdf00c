// A thin, typed hold on SQLite: one connection, prepared statements, errors as absl::Status.
//
// Status codes: ResourceExhausted for a full disk, Unavailable for a lock that was not free in
// time, DataLoss for what leaves the file in doubt (I/O errors, corruption), InvalidArgument for a
// number that its column does not hold (a sum beyond 64 bits), Internal for what only a fault of
// ours explains. Not thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fleetmeter {

// Bytes, where a std::string would be text.
struct Blob {
  std::string_view bytes;
};

// The status of an SQLite result code, with what was being done.
absl::Status SqliteStatus(sqlite3* connection, int code, std::string_view doing);

// A prepared statement. The database outlives it.
class Statement {
 public:
  Statement() = default;

  // Runs it to its end; rows, if any, are dropped.
  template <class... T>
  absl::Status Run(const T&... values) {
    return ForEach([](const Statement&) { return absl::OkStatus(); }, values...);
  }

  // Calls `row(statement)` for each row, until one gives an error, which is then returned.
  template <class Row, class... T>
  absl::Status ForEach(const Row& row, const T&... values) {
    int index = 0;
    int bound = SQLITE_OK;
    ((bound = bound == SQLITE_OK ? Bind(++index, values) : bound), ...);
    absl::Status status = bound == SQLITE_OK ? absl::OkStatus() : Error(bound);
    while (status.ok()) {
      const int code = sqlite3_step(statement_.get());
      if (code == SQLITE_DONE) break;
      status = code == SQLITE_ROW ? row(*this) : Error(code);
    }
    sqlite3_reset(statement_.get());
    return status;
  }

  // Columns of the row that ForEach is at.
  int64_t Integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double Real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  std::string Text(int column) const;  // also a blob's bytes
  bool IsNull(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  // What is bound lives as long as the call that binds it.
  int Bind(int index, int64_t value) { return sqlite3_bind_int64(statement_.get(), index, value); }
  int Bind(int index, const std::optional<int64_t>& value) {
    return value ? Bind(index, *value) : Bind(index, nullptr);
  }
  int Bind(int index, double value) { return sqlite3_bind_double(statement_.get(), index, value); }
  int Bind(int index, std::string_view text) {
    return sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                               text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int Bind(int index, Blob blob) {
    return sqlite3_bind_blob64(statement_.get(), index,
                               blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
                               blob.bytes.size(), SQLITE_STATIC);
  }
  int Bind(int index, std::nullptr_t) { return sqlite3_bind_null(statement_.get(), index); }
  absl::Status Error(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
 public:
  struct Options {
    bool read_only = false;
    bool immutable = false;     // with read_only: nobody writes, and no lock is taken
    const char* vfs = nullptr;  // for tests; nullptr: the system's files
  };

  // Opens an existing file; makes none. `path` is a path, never a URI.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path,
                                                        const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements that give no rows, or whose rows do not matter.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row; NotFound where there is none.
  absl::StatusOr<int64_t> Integer(std::string_view sql);
  absl::StatusOr<std::string> Text(std::string_view sql);
  // Fills `statement`, to be kept and used often.
  absl::Status Prepare(std::string_view sql, Statement* statement);
  // Several, until one fails.
  absl::Status PrepareAll(
      std::initializer_list<std::pair<std::string_view, Statement*>> statements);

  int64_t LastInsertedRow() const { return sqlite3_last_insert_rowid(connection_); }
  int64_t Changes() const { return sqlite3_changes64(connection_); }
  bool InTransaction() const { return sqlite3_get_autocommit(connection_) == 0; }
  sqlite3* connection() const { return connection_; }

 private:
  Database() = default;

  sqlite3* connection_ = nullptr;
};

}  // namespace fleetmeter
