// What an SqliteLedger is opened with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "daemon/base/day_zone.h"
#include "daemon/base/units.h"
#include "daemon/ledger/ledger_probe.h"

namespace fleetmeter {

struct SqliteLedgerOptions {
  std::string path;
  int64_t keep_hours_nanos = 0;
  int64_t keep_days_nanos = 0;
  // A day is rolled up, and closed, when it ended so long ago.
  int64_t max_lateness_nanos = 0;
  // Sources are forgotten when nothing was counted for so long. At least as long as an overlapping
  // window could still be admitted.
  int64_t keep_sources_nanos = 0;
  // Most workloads with rows of their own in a pool's hour; the rest share one.
  size_t workloads_per_pool = 0;
  // Whose days outcomes are booked by. A ledger that has outcomes keeps the one that it has.
  DayZone day_zone = {};
  // The write-ahead log is moved into the file when it is longer; pages of 4 KiB.
  int checkpoint_pages = 4'000;
  // How long a start may read rows to compare them with their checksums.
  int64_t check_rows_at_start_nanos = 3 * kSecond;
  LedgerProbe* probe = nullptr;  // outlives the ledger; nullptr: nobody is told
  // For tests; nullptr: the system's files. Only those are watched (LedgerWatch).
  const char* vfs = nullptr;
};

}  // namespace fleetmeter
