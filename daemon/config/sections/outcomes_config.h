// Section `outcomes`: what allocations lead to.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"
#include "daemon/config/settings/structures.h"
#include "daemon/domain/outcomes/rules.h"

namespace fleetmeter {

struct OutcomesConfig {
  std::string prices;      // path of a price book; empty: only reports bring revenue
  std::string benchmarks;  // path of a benchmark suite; empty: no capability is worked out
  outcomes::Rules rules;   // without what those two files say
  int64_t refresh_nanos = 30 * kSecond;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "prices",
                  .takes = Takes::kReload,
                  .help = "This price book prices the reports that bring no revenue of their own.",
                  .example = "outcomes/prices.yaml"},
          FilePath{}, &OutcomesConfig::prices);
    visit(
        Setting{.key = "benchmarks",
                .takes = Takes::kReload,
                .help = "This benchmark suite says what capability is. Without it no capability is "
                        "worked out.",
                .example = "outcomes/benchmarks.yaml"},
        FilePath{}, &OutcomesConfig::benchmarks);
    visit(Setting{.key = "time_zone",
                  .help = "Days and quarters of outcomes begin at midnight by the clocks of this "
                          "zone, and every figure says so. The books keep outcomes by these days, "
                          "so that a ledger that has outcomes keeps its zone."},
          TimeZoneName{}, &OutcomesConfig::rules, &outcomes::Rules::day_zone);
    DescribeRules(visit);
    visit(
        Setting{.key = "refresh", .help = "Figures are worked out anew at most once in this time."},
        DurationIn{100 * kMillisecond, kDay}, &OutcomesConfig::refresh_nanos);
  }

 private:
  template <class Visitor>
  static void DescribeRules(Visitor& visit) {
    constexpr auto kRules = &OutcomesConfig::rules;
    visit(Setting{.key = "windows",
                  .takes = Takes::kReload,
                  .help = "Margin and capability are shown over these windows of whole days. "
                          "Each window ends with today."},
          TrailingWindows{.most = 8}, kRules, &outcomes::Rules::windows);
    visit(Setting{.key = "token_weights",
                  .takes = Takes::kReload,
                  .help = "A token counts for this much when a model's cost is apportioned to "
                          "customer tiers."},
          TokenWeightsUpTo{1'000'000}, kRules, &outcomes::Rules::weights);
    visit(Setting{.key = "volume",
                  .takes = Takes::kReload,
                  .help = "A segment has much volume from this share of requests on, and little "
                          "volume up to this share."},
          VolumeShares{}, kRules, &outcomes::Rules::volume);
    visit(Setting{.key = "series",
                  .takes = Takes::kReload,
                  .help = "At most this many segments (model and customer tier) have metrics of "
                          "their own. The rest are shown as one, \"overflow\"."},
          IntegerIn{1, 100'000}, kRules, &outcomes::Rules::segment_series);
    visit(Setting{.key = "segments",
                  .takes = Takes::kReload,
                  .help = "The books tell at most this many segments apart. The customer tiers "
                          "beyond are booked as \"overflow\"."},
          IntegerIn{1, 1'000'000}, kRules, &outcomes::Rules::segments);
    visit(Setting{.key = "post_training_types",
                  .takes = Takes::kReload,
                  .help = "Training runs of these workload types are post-training. All other runs "
                          "are pre-training."},
          Names{}, kRules, &outcomes::Rules::post_training_types);
  }
};

}  // namespace fleetmeter
