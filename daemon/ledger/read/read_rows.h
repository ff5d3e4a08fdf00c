// Queries of the ledger, as the functions of this folder ask them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Calls `row` for each row of a query, whose parameters are `values`.
template <class Row, class... Values>
absl::Status ReadRows(Database& ledger, const std::string& sql, const Row& row,
                      const Values&... values) {
  Statement statement;
  absl::Status status = ledger.Prepare(sql, &statement);
  return status.ok() ? statement.ForEach(row, values...) : status;
}

}  // namespace fleetmeter
