// A table of names that other tables refer to by number. Rows are made, and staged, when they are
// first needed.
// Not thread-safe; belongs to whoever writes the other tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/staged_ids.h"

namespace fleetmeter {

class NameTable final : public TransactionPart {
 public:
  struct Columns {
    std::string_view table;
    std::string_view id;                  // its INTEGER PRIMARY KEY
    std::vector<std::string_view> names;  // UNIQUE together
    std::string zeros;                    // of amounts, which begin as 0: "requests, revenue"
  };

  // `database` outlives it.
  explicit NameTable(Database& database) : database_(database) {}

  absl::Status Prepare(const Columns& columns);

  // The number of the row with these names: texts and int64_t, in the order of the columns.
  template <class... Names>
  absl::StatusOr<int64_t> Id(const Names&... names) {
    KeyBuilder key;
    (key.Add(names), ...);
    return ids_.FindOrStage(key.Take(), [&]() -> absl::StatusOr<int64_t> {
      std::optional<int64_t> found;
      absl::Status status = find_.ForEach(
          [&](const Statement& row) {
            found = row.Integer(0);
            return absl::OkStatus();
          },
          names...);
      if (!status.ok()) return status;
      if (found) return *found;
      if (status = insert_.Run(names...); !status.ok()) return status;
      return database_.LastInsertedRow();
    });
  }

  void Commit() override {
    ids_.Commit();
    if (ids_.size() > kMostRemembered) ids_.Clear();
  }
  void Rollback() override { ids_.Rollback(); }

 private:
  static constexpr size_t kMostRemembered = 200'000;

  Database& database_;
  StagedIds ids_;
  Statement find_;
  Statement insert_;
};

}  // namespace fleetmeter
