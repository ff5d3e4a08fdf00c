// Hashes of the rows of the ledger's tables, and their sums. Pure but for reading a database.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Of one row: takes its columns in the order of the table. A value that is stored as an integer and
// read as a real number hashes alike, whichever of the two SQLite gives.
class RowHash {
 public:
  explicit RowHash(std::string_view table);
  void Add(sqlite3_value* value);
  uint64_t hash() const { return state_; }

 private:
  void Mix(uint64_t kind, uint64_t value);
  uint64_t state_ = 0;
};

// Of all rows of a table, in any order: rows may be added and taken out one by one.
struct RowSum {
  int64_t rows = 0;
  uint64_t sum = 0;  // of the hashes, modulo 2^64

  void Put(uint64_t hash) {
    ++rows;
    sum += hash;
  }
  void Take(uint64_t hash) {
    --rows;
    sum -= hash;
  }
  RowSum operator+(const RowSum& other) const { return {rows + other.rows, sum + other.sum}; }
  friend bool operator==(const RowSum&, const RowSum&) = default;
};

// The name under which the tables, indexes and views themselves are summed up.
inline constexpr char kSchemaRows[] = "sqlite_schema";

// Reads every row. Unavailable: interrupted by the connection's progress handler.
absl::StatusOr<RowSum> SumRows(Database& database, const std::string& table);

}  // namespace fleetmeter
