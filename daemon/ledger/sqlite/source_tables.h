// Streams and sources: how far each sender was settled, which time of each source was counted, and
// what each source held. Not thread-safe; belongs to SqliteLedger.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

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

class SourceTables {
 public:
  // `database` outlives it.
  explicit SourceTables(Database& database) : database_(database) {}

  absl::Status Prepare();
  // `totals` and `cell_ids`: what DimensionTables::Load gave.
  absl::Status Load(const std::vector<BookTotal>& totals, const std::vector<int64_t>& cell_ids,
                    RestoredBooks* books);

  // `cells`: of the groups of each counted entry, one after the other.
  absl::Status WriteSources(const LedgerTransaction& transaction,
                            const std::vector<int64_t>& cells);
  absl::Status WriteStreams(const LedgerTransaction& transaction);

  // Looks at the next few sources, and deletes those that nothing was counted for since
  // `before_unix_nanos`, but for history. In a transaction only where NextExpired says so.
  absl::StatusOr<std::vector<std::pair<int64_t, std::string>>> NextExpired(
      int64_t before_unix_nanos);
  absl::Status Delete(const std::vector<std::pair<int64_t, std::string>>& sources);

  void Keep();
  void Drop();

 private:
  struct Known {
    int64_t row = 0;
    uint64_t holdings = 0;  // digest
    bool history = false;
    friend bool operator==(const Known&, const Known&) = default;
  };
  // The last that a transaction says of a source.
  struct Change {
    const LedgerEntry* last = nullptr;
    const LedgerEntry* holds = nullptr;  // the last that was its latest
    const int64_t* cells = nullptr;      // of `holds`
    bool history = false;                // one of them was
  };

  absl::Status Write(const std::string& source, const Change& change);
  absl::Status WriteHoldings(int64_t row, const std::vector<HeldCell>& held);
  absl::Status LoadStreams(RestoredBooks* books);
  absl::Status LoadHoldings(const std::vector<BookTotal>& totals,
                            const std::vector<int64_t>& cell_ids,
                            const absl::flat_hash_map<int64_t, size_t>& index,
                            RestoredBooks* books);

  Database& database_;
  absl::flat_hash_map<std::string, Known> known_;
  std::vector<std::pair<std::string, Known>> staged_;  // as they are once kept
  std::vector<std::string> staged_deletes_;
  int64_t expiry_cursor_ = 0;

  Statement insert_source_;
  Statement update_source_;
  Statement delete_source_;
  Statement expired_sources_;
  Statement delete_holdings_;
  Statement insert_holding_;
  Statement update_stream_;
  Statement insert_stream_;
};

}  // namespace fleetmeter
