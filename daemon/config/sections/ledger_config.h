// Section `ledger`: where the books are kept.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct LedgerConfig {
  std::string path;  // empty: the books are in memory
  int64_t keep_hours_nanos = 400 * kDay;
  int64_t keep_days_nanos = 3'650 * kDay;
  int64_t workloads_per_pool = 1'000;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "path",
                  .help = "The books are kept in this file. Without it they are in memory, and end "
                          "with the process.",
                  .example = "/var/lib/fleetmeter/ledger.db"},
          FilePath{}, &LedgerConfig::path);
    visit(Setting{.key = "keep_hours",
                  .help = "Hours are kept this long. After that only their days are kept."},
          DurationIn{kDay, 36'500 * kDay}, &LedgerConfig::keep_hours_nanos);
    visit(Setting{.key = "keep_days",
                  .help = "Days are kept this long, and at least as long as hours. After that only "
                          "their quarters are kept."},
          DurationIn{kDay, 36'500 * kDay}, &LedgerConfig::keep_days_nanos);
    visit(Setting{.key = "workloads_per_pool",
                  .help = "The books tell at most this many workloads of a pool's hour apart. The "
                          "rest are booked as one, \"overflow\"."},
          IntegerIn{1, 1'000'000}, &LedgerConfig::workloads_per_pool);
  }
};

}  // namespace fleetmeter
