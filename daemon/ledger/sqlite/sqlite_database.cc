#include "daemon/ledger/sqlite/sqlite_database.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

// What the calls that follow may take for granted on every connection.
absl::Status Harden(sqlite3* connection) {
  // The file's own schema can neither call functions with side effects nor change the schema's
  // tables behind SQLite's back; double quotes never mean a text by accident.
  for (const auto& [option, on] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                   {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
                                   {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                   {SQLITE_DBCONFIG_DQS_DML, 0},
                                   {SQLITE_DBCONFIG_DQS_DDL, 0}}) {
    int now = -1;
    const int code = sqlite3_db_config(connection, option, on, &now);
    if (code != SQLITE_OK || now != on) {
      return absl::InternalError(fmt::format("SQLite does not know its option {}", option));
    }
  }
  return absl::OkStatus();
}

// SQLite takes names that begin with "file:" for URIs, and escapes in them for other characters.
std::string AsUri(const std::string& path, bool immutable) {
  std::string uri = "file://";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    } else {
      uri += c;
    }
  }
  return immutable ? uri + "?immutable=1" : uri;
}

bool OutOfSpace(sqlite3* connection, int code) {
  if ((code & 0xff) == SQLITE_FULL) return true;
  if ((code & 0xff) != SQLITE_IOERR) return false;
  const int error = sqlite3_system_errno(connection);
  return error == ENOSPC || error == EDQUOT;
}

}  // namespace

absl::Status SqliteStatus(sqlite3* connection, int code, std::string_view doing) {
  std::string text = fmt::format("{}: {} (SQLite code {}", doing, sqlite3_errmsg(connection),
                                 sqlite3_extended_errcode(connection));
  if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN) {
    const int error = sqlite3_system_errno(connection);
    if (error != 0) text += fmt::format(", {}", std::generic_category().message(error));
  }
  text += ")";
  if (OutOfSpace(connection, sqlite3_extended_errcode(connection))) {
    return absl::ResourceExhaustedError(text);
  }
  if (sqlite3_extended_errcode(connection) == SQLITE_CONSTRAINT_DATATYPE) {
    return absl::InvalidArgumentError(text + ": a number that its column does not hold");
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:  // whoever asked is ending
      return absl::UnavailableError(text);
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return absl::PermissionDeniedError(text);
    default:
      return absl::InternalError(text);
  }
}

std::string Statement::Text(int column) const {
  // The order matters: the pointer first, then its length.
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? "" : std::string(static_cast<const char*>(bytes), size);
}

absl::Status Statement::Error(int code) const {
  const char* sql = sqlite3_sql(statement_.get());
  std::string_view verb = sql == nullptr ? "statement" : sql;
  while (!verb.empty() && (verb.front() == '\n' || verb.front() == ' ')) verb.remove_prefix(1);
  return SqliteStatus(sqlite3_db_handle(statement_.get()), code, verb.substr(0, verb.find('\n')));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                         const Options& options) {
  std::unique_ptr<Database> database(new Database);
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(AsUri(path, options.immutable).c_str(), &database->connection_,
                                   flags, options.vfs);
  if (code != SQLITE_OK) {
    return SqliteStatus(database->connection_, code, fmt::format("opening {}", path));
  }
  if (absl::Status status = Harden(database->connection_); !status.ok()) return status;
  return database;
}

Database::~Database() { sqlite3_close_v2(connection_); }

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  return SqliteStatus(connection_, code, sql.substr(0, sql.find('\n')));
}

absl::StatusOr<int64_t> Database::Integer(std::string_view sql) {
  Statement statement;
  if (absl::Status status = Prepare(sql, &statement); !status.ok()) return status;
  std::optional<int64_t> value;
  const absl::Status status = statement.ForEach([&](const Statement& row) {
    if (!value) value = row.Integer(0);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (!value) return absl::NotFoundError(fmt::format("{}: no row", sql));
  return *value;
}

absl::StatusOr<std::string> Database::Text(std::string_view sql) {
  Statement statement;
  if (absl::Status status = Prepare(sql, &statement); !status.ok()) return status;
  std::optional<std::string> value;
  const absl::Status status = statement.ForEach([&](const Statement& row) {
    if (!value) value = row.Text(0);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (!value) return absl::NotFoundError(fmt::format("{}: no row", sql));
  return *value;
}

absl::Status Database::Prepare(std::string_view sql, Statement* statement) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(connection_, code, sql.substr(0, sql.find('\n')));
  statement->statement_.reset(prepared);
  return absl::OkStatus();
}

absl::Status Database::PrepareAll(
    std::initializer_list<std::pair<std::string_view, Statement*>> statements) {
  for (const auto& [sql, statement] : statements) {
    if (absl::Status status = Prepare(sql, statement); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
