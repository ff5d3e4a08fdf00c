// Which versions of plans, catalogs, price books and benchmark suites the ledger recorded when the
// daemon took them for the first time. `ledger` may be a connection that only reads.
//
// Only the first time is recorded: a return to an earlier version leaves no trace here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Nothing: the catalog names no price, or not the kind.
struct ChipTerms {
  std::optional<int64_t> micro_usd_per_chip_hour;
  std::optional<double> chips_per_h100e;  // in general, when the catalog was recorded

  friend bool operator==(const ChipTerms&, const ChipTerms&) = default;
};

struct ChangedChip {
  std::string chip;
  ChipTerms before;
  ChipTerms now;
};

struct RecordedVersion {
  std::string kind;  // "plan", "catalog", or as outcomes::RulesContent has it
  std::string name;  // of a plan or a suite
  int64_t version = 0;
  int64_t recorded_unix_nanos = 0;
  std::optional<int64_t> effective_from_unix_nanos;  // of a plan
  // That was recorded before it, of the same kind and name.
  std::optional<int64_t> previous_version;
  // Of a catalog: kinds of chips of which it says something else than the one before it.
  std::vector<ChangedChip> chips;
};

// Those that were recorded at that time or later, the latest first.
absl::StatusOr<std::vector<RecordedVersion>> ReadVersionsSince(Database& ledger,
                                                               int64_t since_unix_nanos);

}  // namespace fleetmeter
