// What the catalogs and plans that were in force said, so that a figure can be traced and
// recomputed years later, and which content each version stands for. Each content is recorded once.
// Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/domain/reference_data.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class ReferenceTables final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit ReferenceTables(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  using LedgerTable::Stage;  // of a transaction of reports: nothing
  absl::Status Stage(const ReferenceData& reference, int64_t now_unix_nanos);

 private:
  absl::Status RestoreCatalogs(RestoredBooks* books);
  absl::Status RestoreOutcomeRules(RestoredBooks* books);
  absl::Status Write(const outcomes::Rules& rules, int64_t now_unix_nanos);
  absl::Status Write(const Catalog& catalog, int64_t now_unix_nanos);
  absl::Status WriteRatios(int64_t record, const ChipKind& kind);
  absl::Status Write(const Plan& plan, int64_t now_unix_nanos);
  absl::Status WritePools(int64_t record, const Plan& plan);

  Database& database_;
  Statement insert_catalog_;
  Statement insert_ratio_;
  Statement insert_plan_;
  Statement insert_pool_;
  Statement insert_supply_;
  Statement insert_content_;
  Statement insert_catalog_content_;
  Statement insert_outcome_rules_;
};

}  // namespace fleetmeter
