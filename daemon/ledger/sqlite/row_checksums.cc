#include "daemon/ledger/sqlite/row_checksums.h"

#include <string_view>
#include <utility>

#include "fmt/format.h"

// SQLite's header declares these only for a program that asks for them, and may have been included
// before. The library has them where it was built with SQLITE_ENABLE_PREUPDATE_HOOK, as Debian's
// is.
extern "C" {
void* sqlite3_preupdate_hook(sqlite3*,
                             void (*)(void*, sqlite3*, int, const char*, const char*, sqlite3_int64,
                                      sqlite3_int64),
                             void*);
int sqlite3_preupdate_old(sqlite3*, int, sqlite3_value**);
int sqlite3_preupdate_new(sqlite3*, int, sqlite3_value**);
int sqlite3_preupdate_count(sqlite3*);
}

namespace fleetmeter {
namespace {

constexpr char kChecksumTable[] = "row_checksums";
// Of the virtual machine between two looks at the clock.
constexpr int kStepsBetweenLooks = 20'000;

bool IsFollowed(std::string_view table) {
  return !table.starts_with("sqlite_") && table != kChecksumTable;
}

using ReadColumn = int (*)(sqlite3*, int, sqlite3_value**);

int HashChangedRow(sqlite3* connection, const char* table, ReadColumn read, uint64_t* hash) {
  RowHash row(table);
  const int columns = sqlite3_preupdate_count(connection);
  for (int i = 0; i < columns; ++i) {
    sqlite3_value* value = nullptr;
    const int code = read(connection, i, &value);
    if (code != SQLITE_OK) return code;
    row.Add(value);
  }
  *hash = row.hash();
  return SQLITE_OK;
}

// While it lives, statements of the connection are interrupted once the time is over.
class TimeLimit {
 public:
  TimeLimit(Database& database, std::optional<std::chrono::nanoseconds> limit)
      : connection_(database.connection()) {
    if (!limit) return;
    until_ = std::chrono::steady_clock::now() + *limit;
    sqlite3_progress_handler(connection_, kStepsBetweenLooks, &IsOver, this);
  }
  ~TimeLimit() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  static int IsOver(void* self) {
    return std::chrono::steady_clock::now() >= static_cast<TimeLimit*>(self)->until_ ? 1 : 0;
  }

  sqlite3* const connection_;
  std::chrono::steady_clock::time_point until_;
};

struct StoredSum {
  std::string table;
  RowSum sum;
};

absl::StatusOr<std::vector<StoredSum>> ReadStoredSums(Database& database) {
  std::vector<StoredSum> sums;
  Statement rows;
  absl::Status status = database.Prepare(
      "SELECT table_name, row_count, checksum FROM row_checksums ORDER BY row_count, table_name",
      &rows);
  if (!status.ok()) return status;
  status = rows.ForEach([&](const Statement& row) {
    sums.push_back({row.Text(0), {row.Integer(1), static_cast<uint64_t>(row.Integer(2))}});
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return sums;
}

absl::StatusOr<bool> HasTable(Database& database, const std::string& table) {
  if (table == kSchemaRows) return true;
  Statement rows;
  absl::Status status = database.Prepare(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1", &rows);
  bool has = false;
  if (status.ok()) {
    status = rows.ForEach(
        [&](const Statement& row) {
          has = row.Integer(0) > 0;
          return absl::OkStatus();
        },
        table);
  }
  if (!status.ok()) return status;
  return has;
}

// A finding, or nothing.
absl::StatusOr<std::string> CompareSum(Database& database, const StoredSum& stored) {
  const auto has = HasTable(database, stored.table);
  if (!has.ok()) return has.status();
  if (!*has) return fmt::format("the table {}, which has a checksum, is not there", stored.table);
  const auto sum = SumRows(database, stored.table);
  if (absl::IsDataLoss(sum.status())) {
    return fmt::format("the rows of {} cannot be read: {}", stored.table,
                       std::string(sum.status().message()));
  }
  if (!sum.ok()) return sum.status();
  if (*sum == stored.sum) return "";
  return fmt::format(
      "the rows of {} do not match their checksum: {} rows are there, and {} were written; the "
      "file "
      "is damaged, or another program has written it",
      stored.table, sum->rows, stored.sum.rows);
}

// What SQLite finds: indexes that differ from their tables, pages that do not hold together.
absl::Status AskSqlite(Database& database, std::vector<std::string>* findings) {
  Statement rows;
  absl::Status status = database.Prepare("PRAGMA integrity_check(3)", &rows);
  if (!status.ok()) return status;
  return rows.ForEach([&](const Statement& row) {
    if (const std::string text = row.Text(0); text != "ok") {
      findings->push_back("the file: " + text);
    }
    return absl::OkStatus();
  });
}

}  // namespace

RowChecksums::~RowChecksums() { sqlite3_preupdate_hook(database_.connection(), nullptr, nullptr); }

absl::Status RowChecksums::Start() {
  const auto stored = ReadStoredSums(database_);
  if (!stored.ok()) return stored.status();
  for (const StoredSum& sum : *stored) sums_[sum.table] = sum.sum;
  absl::Status status = database_.Prepare(
      "INSERT INTO row_checksums VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
      "row_count = ?2, checksum = ?3",
      &write_);
  if (status.ok()) status = AddMissing();
  if (!status.ok()) return status;
  sqlite3_preupdate_hook(
      database_.connection(),
      [](void* self, sqlite3* connection, int operation, const char* database, const char* table,
         sqlite3_int64 old_row, sqlite3_int64 new_row) {
        OnChange(self, connection, operation, database, table, old_row, new_row);
      },
      this);
  return status;
}

absl::Status RowChecksums::AddMissing() {
  std::vector<std::string> tables = {kSchemaRows};
  Statement rows;
  absl::Status status =
      database_.Prepare("SELECT name FROM sqlite_schema WHERE type = 'table'", &rows);
  if (!status.ok()) return status;
  status = rows.ForEach([&](const Statement& row) {
    if (IsFollowed(row.Text(0))) tables.push_back(row.Text(0));
    return absl::OkStatus();
  });
  for (const std::string& table : tables) {
    if (!status.ok()) return status;
    if (sums_.contains(table)) continue;
    const auto sum = SumRows(database_, table);
    if (!sum.ok()) return sum.status();
    sums_[table] = *sum;
    status = Write(table, *sum);
  }
  return status;
}

absl::Status RowChecksums::Write(const std::string& table, const RowSum& sum) {
  return write_.Run(table, sum.rows, static_cast<int64_t>(sum.sum));
}

void RowChecksums::OnChange(void* self, sqlite3* connection, int operation, const char* database,
                            const char* table, int64_t /*old_row*/, int64_t /*new_row*/) {
  if (std::string_view(database) != "main" || !IsFollowed(table)) return;
  static_cast<RowChecksums*>(self)->Note(connection, operation, table);
}

void RowChecksums::Note(sqlite3* connection, int operation, const char* table) {
  auto change = changes_.find(std::string_view(table));
  if (change == changes_.end()) change = changes_.emplace(table, RowSum()).first;
  uint64_t hash = 0;
  int code = SQLITE_OK;
  if (operation != SQLITE_INSERT) {
    code = HashChangedRow(connection, table, &sqlite3_preupdate_old, &hash);
    change->second.Take(hash);
  }
  if (code == SQLITE_OK && operation != SQLITE_DELETE) {
    code = HashChangedRow(connection, table, &sqlite3_preupdate_new, &hash);
    change->second.Put(hash);
  }
  if (code != SQLITE_OK) failed_ = code;
}

absl::Status RowChecksums::Stage() {
  if (failed_ != SQLITE_OK) {
    return absl::DataLossError(
        fmt::format("a row that changes cannot be read (SQLite code {})", failed_));
  }
  for (const auto& [table, change] : changes_) {
    const RowSum sum = sums_[table] + change;
    if (absl::Status status = Write(table, sum); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void RowChecksums::Commit() {
  for (const auto& [table, change] : changes_) sums_[table] = sums_[table] + change;
  changes_.clear();
}

void RowChecksums::Rollback() {
  changes_.clear();
  failed_ = SQLITE_OK;
}

absl::StatusOr<RowCheck> CheckRows(Database& database,
                                   std::optional<std::chrono::nanoseconds> limit) {
  const auto stored = ReadStoredSums(database);
  if (!stored.ok()) return stored.status();
  const TimeLimit time(database, limit);
  RowCheck check;
  for (const StoredSum& sum : *stored) {
    auto finding = CompareSum(database, sum);
    if (absl::IsUnavailable(finding.status())) break;  // no time is left
    if (!finding.ok()) return finding.status();
    ++check.tables;
    if (!finding->empty()) check.findings.push_back(*std::move(finding));
  }
  check.left = static_cast<int64_t>(stored->size()) - check.tables;
  if (!limit || check.left > 0) return check;
  absl::Status asked = AskSqlite(database, &check.findings);
  if (!asked.ok() && !absl::IsUnavailable(asked)) return asked;
  return check;
}

}  // namespace fleetmeter
