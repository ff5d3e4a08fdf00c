// Which time of each source was counted, and what each source held. Not thread-safe; belongs to
// LedgerTables.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/usage_tables.h"

namespace fleetmeter {

// Chips of one kind in one place (a cell of totals).
struct HeldCell {
  int64_t cell_id = 0;
  int64_t micro_chips = 0;
  friend auto operator<=>(const HeldCell&, const HeldCell&) = default;
};

// What a report says that its source holds: the mean over its duration, each group rounded to the
// nearest micro-chip. Ascending by cell, each cell once. `cells`: those of the report's groups.
std::vector<HeldCell> HeldBy(const UsageReport& report, const int64_t* cells);

class SourceTables final : public LedgerTable {
 public:
  // `database`, `dimensions` and `usage` outlive it. keep_nanos: a source that holds nothing,
  // unless it is history, is forgotten when nothing was counted for so long.
  SourceTables(Database& database, DimensionTables& dimensions, const UsageTables& usage,
               int64_t keep_nanos)
      : database_(database), dimensions_(dimensions), usage_(usage), keep_nanos_(keep_nanos) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override;

  // Each call looks at the next few sources.
  absl::StatusOr<bool> FindExpired(int64_t now_unix_nanos) override;
  absl::Status DeleteExpired() override;

 private:
  struct Known {
    int64_t row = 0;        // 0: it has none yet
    uint64_t holdings = 0;  // digest
    bool history = false;
    bool forgotten = false;
    friend bool operator==(const Known&, const Known&) = default;
  };
  // The last that a transaction says of a source.
  struct Change {
    const LedgerEntry* last = nullptr;
    const LedgerEntry* holds = nullptr;        // the last that was its latest
    const int64_t* cells = nullptr;            // of `holds`
    bool history = false;                      // one of them was
    const SourceHoldings* unlisted = nullptr;  // nothing: none
    std::string new_owner = {};                // empty: as before
    bool is_fresh = false;                     // the writer knew no earlier window of it
  };
  struct SourceRow {
    int64_t row = 0;
    std::string source;
  };

  static Known Nothing();  // of a source that has no row
  std::vector<std::pair<const std::string*, Change>> ChangesOf(
      const LedgerTransaction& transaction) const;
  absl::Status Write(const std::string& source, const Change& change);
  absl::Status Decide(const AdminEntry& entry, const LedgerTransaction& transaction);
  // After a decision: all that the source holds.
  absl::Status WriteDecided(const SourceHoldings& decided);
  absl::Status Forget(const std::string& source);
  absl::Status Move(const AdminEntry& entry);
  absl::Status Restate(const AdminEntry& entry);
  absl::Status Rename(const AdminEntry& entry, const WindowSet& windows);
  absl::Status WriteSource(const std::string& source, const WindowSet& windows, Known* known,
                           bool is_fresh);
  absl::Status WriteHoldings(const Change& change, Known* known);
  absl::Status WriteHeld(const std::vector<HeldCell>& held, Known* known);
  // `held` and `more`, by cell.
  absl::StatusOr<std::vector<HeldCell>> Together(const std::vector<HeldCell>& held,
                                                 const SourceHoldings* more);
  absl::Status RestoreHoldings(const absl::flat_hash_map<int64_t, size_t>& index,
                               RestoredBooks* books);

  Database& database_;
  DimensionTables& dimensions_;
  const UsageTables& usage_;
  const int64_t keep_nanos_;
  absl::flat_hash_map<std::string, Known> known_;
  std::vector<std::pair<std::string, Known>> staged_;  // as they are once committed
  std::vector<std::string> staged_deletes_;
  std::vector<SourceRow> expired_;  // as FindExpired found them last
  int64_t expiry_cursor_ = 0;
  int64_t expired_at_unix_nanos_ = 0;

  Statement insert_source_;
  Statement update_source_;
  Statement forget_source_;
  Statement own_source_;
  Statement delete_source_;
  Statement next_sources_;
  Statement delete_holdings_;
  Statement insert_holding_;
  Statement note_expired_;
  Statement drop_expired_;
  Statement delete_expired_;
  Statement drop_silences_;
};

}  // namespace fleetmeter
