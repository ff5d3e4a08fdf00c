#include "daemon/ledger/sqlite/row_hash.h"

#include <bit>
#include <cmath>
#include <memory>

#include "daemon/base/digest.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Every bit of the result depends on every bit of the argument (the finalizer of SplitMix64; Steele
// et al., "Fast splittable pseudorandom number generators", 2014).
uint64_t Scramble(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Whether a real number is an integer that 64 bits hold, as SQLite would store it.
bool IsInteger(double value) {
  return value >= -0x1p63 && value < 0x1p63 && value == std::trunc(value);
}

}  // namespace

RowHash::RowHash(std::string_view table) : state_(Digest64(table)) {}

void RowHash::Mix(uint64_t kind, uint64_t value) {
  state_ = Scramble(state_ + 0x9e3779b97f4a7c15u * (kind + 1));
  state_ = Scramble(state_ ^ value);
}

void RowHash::Add(sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  switch (type) {
    case SQLITE_INTEGER:
      return Mix(SQLITE_INTEGER, static_cast<uint64_t>(sqlite3_value_int64(value)));
    case SQLITE_FLOAT: {
      const double number = sqlite3_value_double(value);
      if (IsInteger(number)) {
        return Mix(SQLITE_INTEGER, static_cast<uint64_t>(static_cast<int64_t>(number)));
      }
      return Mix(SQLITE_FLOAT, std::bit_cast<uint64_t>(number));
    }
    case SQLITE_NULL:
      return Mix(SQLITE_NULL, 0);
    default: {  // text or a blob
      const void* bytes = sqlite3_value_blob(value);
      const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
      const std::string_view text(static_cast<const char*>(bytes), size);
      return Mix(static_cast<uint64_t>(type), size == 0 ? 0 : Digest64(text));
    }
  }
}

absl::StatusOr<RowSum> SumRows(Database& database, const std::string& table) {
  // Where a table's root page lies is no part of what it says.
  const std::string sql = table == kSchemaRows
                              ? "SELECT type, name, tbl_name, sql FROM sqlite_schema"
                              : fmt::format("SELECT * FROM \"{}\" NOT INDEXED", table);
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(database.connection(), sql.c_str(), -1, &prepared, nullptr);
  if (code != SQLITE_OK) return SqliteStatus(database.connection(), code, sql);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> rows(prepared, sqlite3_finalize);
  const int columns = sqlite3_column_count(rows.get());
  RowSum sum;
  while (true) {
    const int step = sqlite3_step(rows.get());
    if (step == SQLITE_DONE) return sum;
    if (step != SQLITE_ROW) return SqliteStatus(database.connection(), step, sql);
    RowHash row(table);
    for (int i = 0; i < columns; ++i) row.Add(sqlite3_column_value(rows.get(), i));
    sum.Put(row.hash());
  }
}

}  // namespace fleetmeter
