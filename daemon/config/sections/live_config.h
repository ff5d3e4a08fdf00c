// Section `live`: what counts as known right now.
#pragma once

#include <cstdint>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct LiveConfig {
  int64_t silent_after_nanos = 45 * kSecond;
  int64_t forget_after_nanos = kDay;
  double coverage_threshold = 0.9;
  double measured_threshold = 0.9;
  double idle_below = 0.05;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(
        Setting{.key = "silent_after",
                .takes = Takes::kReload,
                .help = "A source is silent when its latest window ended longer ago than this. Its "
                        "chips leave the live numbers and count as unheard."},
        DurationIn{kSecond, kDay}, &LiveConfig::silent_after_nanos);
    visit(Setting{.key = "forget_after",
                  .takes = Takes::kReload,
                  .help = "The chips of a silent source are unaccounted for when its latest window "
                          "ended longer ago than this. They stay expected and taken until they are "
                          "reported again, or a plan declares fewer chips. The time is at least "
                          "silent_after."},
          DurationIn{kSecond, 90 * kDay}, &LiveConfig::forget_after_nanos);
    visit(
        Setting{.key = "coverage_threshold",
                .takes = Takes::kReload,
                .help = "Utilization is shown only if at least this share of the expected chips is "
                        "heard from."},
        AnyShare{}, &LiveConfig::coverage_threshold);
    visit(Setting{.key = "measured_threshold",
                  .takes = Takes::kReload,
                  .help = "Utilization is shown only if the activity of at least this share of the "
                          "assigned chips is measured."},
          AnyShare{}, &LiveConfig::measured_threshold);
    visit(Setting{.key = "idle_below",
                  .takes = Takes::kReload,
                  .help = "A chip with a lower activity than this counts as idle."},
          AnyShare{}, &LiveConfig::idle_below);
  }
};

}  // namespace fleetmeter
