// Section `shutdown`: how long a stop may take.
#pragma once

#include <cstdint>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct ShutdownConfig {
  int64_t deadline_nanos = 10 * kSecond;
  int64_t final_scrape_nanos = 3 * kSecond;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(
        Setting{.key = "deadline",
                .help = "A stop takes at most this long. What still runs is then cut off, and the "
                        "exit code is 1."},
        DurationIn{100 * kMillisecond, kHour}, &ShutdownConfig::deadline_nanos);
    visit(Setting{.key = "final_scrape",
                  .help = "If anybody has scraped /metrics, a stop waits this long for one more "
                          "scrape. That scrape shows all that was acknowledged."},
          DurationIn{0, kHour}, &ShutdownConfig::final_scrape_nanos);
  }
};

}  // namespace fleetmeter
