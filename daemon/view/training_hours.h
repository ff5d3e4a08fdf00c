// Hours of training by model and by quarter, and benchmark results, as capability is worked out
// from them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/outcomes/capability.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"

namespace fleetmeter {

// Year x 4 + quarter of the year - 1, as outcomes::Result counts. 1970 or later.
int64_t QuarterNumber(int64_t unix_seconds);

struct TrainingHours {
  std::map<std::string, double> by_model;       // H100e-hours
  std::map<int64_t, double> by_quarter;         // likewise, by QuarterNumber
  std::map<std::string, std::string> families;  // of models, where training reports give one
  // H100e-seconds by model and phase.
  std::map<std::pair<std::string, TrainingPhase>, double> seconds;
};

// Each sum is exact until it is told. A measured run counts for its model, or under its own name
// where usage reports name none, and is post-training if its workload type is one of
// `post_training_types`. Sums below 0, which corrections can leave in a quarter, count as none.
TrainingHours SumTraining(const std::vector<ReportedTraining>& reported,
                          const std::vector<MeasuredTraining>& measured,
                          const std::set<std::string, std::less<>>& post_training_types);

// Results with a score whose date is before `until_day`. A family that a result does not give is
// taken from `families`.
std::vector<outcomes::Result> ResultsUntil(const std::vector<BenchmarkRow>& rows,
                                           const std::map<std::string, std::string>& families,
                                           int64_t until_day);

}  // namespace fleetmeter
