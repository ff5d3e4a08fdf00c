// Amounts to and from rows of the ledger.
#pragma once

#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

// Runs a statement whose last ten parameters are amounts.
template <class... Keys>
absl::Status RunWithAmounts(Statement& statement, const UsageAmounts& amounts, Keys... keys) {
  const auto c = ToColumns(amounts);
  return statement.Run(keys..., c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]);
}

// Ten columns of a row, from `first` on.
inline UsageAmounts AmountsAt(const Statement& row, int first) {
  std::array<int64_t, kAmountColumns> columns{};
  for (int64_t& column : columns) column = row.Integer(first++);
  return FromColumns(columns);
}

}  // namespace fleetmeter
