// Requests for capacity: what was asked for and decided, event by event. Not thread-safe; belongs
// to LedgerTables.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "daemon/domain/capacity/capacity_event.h"
#include "daemon/ledger/capacity_chain.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class CapacityTables final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit CapacityTables(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  // DataLoss if the events do not follow from one another.
  absl::Status Restore(RestoredBooks* books) override;
  // InvalidArgument if the events do not follow from those that the file has.
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override { staged_.reset(); }

 private:
  absl::Status Write(const capacity::CapacityEvent& event);
  absl::Status WriteWorkloads(const capacity::CapacityEvent& event);

  Database& database_;
  Statement insert_event_;
  Statement insert_workload_;
  CapacityChain chain_;                  // of the events that the file has
  std::optional<CapacityChain> staged_;  // with those of the transaction under way
};

}  // namespace fleetmeter
