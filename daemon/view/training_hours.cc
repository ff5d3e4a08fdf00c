#include "daemon/view/training_hours.h"

#include <algorithm>
#include <chrono>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

double Seconds(absl::int128 nanos) {
  return static_cast<double>(std::max(nanos, absl::int128(0))) / kNanosPerSecond;
}

// H100e-nanoseconds.
struct Sums {
  std::map<std::string, absl::int128> by_model;
  std::map<int64_t, absl::int128> by_quarter;
  std::map<std::pair<std::string, TrainingPhase>, absl::int128> by_phase;

  void Add(int64_t day, const std::string& model, TrainingPhase phase, absl::int128 nanos) {
    by_model[model] += nanos;
    by_quarter[QuarterNumber(day)] += nanos;
    by_phase[{model, phase}] += nanos;
  }
};

}  // namespace

int64_t QuarterNumber(int64_t unix_seconds) {
  using namespace std::chrono;
  const year_month_day day{floor<days>(sys_seconds(seconds(unix_seconds)))};
  return int64_t{static_cast<int>(day.year())} * 4 + (static_cast<unsigned>(day.month()) - 1) / 3;
}

TrainingHours SumTraining(const std::vector<ReportedTraining>& reported,
                          const std::vector<MeasuredTraining>& measured,
                          const std::set<std::string, std::less<>>& post_training_types) {
  Sums sums;
  TrainingHours out;
  for (const ReportedTraining& row : reported) {
    if (!row.family.empty()) out.families[row.model] = row.family;
    sums.Add(row.day, row.model, row.phase, absl::int128(row.h100e_seconds) * kNanosPerSecond);
  }
  for (const MeasuredTraining& row : measured) {
    const TrainingPhase phase = post_training_types.contains(row.workload_type)
                                    ? TrainingPhase::kPost
                                    : TrainingPhase::kPre;
    sums.Add(row.day, row.model.empty() ? row.run : row.model, phase, row.h100e.chips);
  }
  for (const auto& [model, nanos] : sums.by_model) {
    out.by_model[model] = Seconds(nanos) / kSecondsPerHour;
  }
  for (const auto& [quarter, nanos] : sums.by_quarter) {
    out.by_quarter[quarter] = Seconds(nanos) / kSecondsPerHour;
  }
  for (const auto& [key, nanos] : sums.by_phase) out.seconds[key] = Seconds(nanos);
  return out;
}

std::vector<outcomes::Result> ResultsUntil(const std::vector<BenchmarkRow>& rows,
                                           const std::map<std::string, std::string>& families,
                                           int64_t until_day) {
  std::vector<outcomes::Result> results;
  for (const BenchmarkRow& row : rows) {
    if (!row.score || row.date_unix_seconds >= until_day) continue;
    const auto family = families.find(row.model);
    results.push_back(
        {.model = row.model,
         .benchmark = row.benchmark,
         .quarter = QuarterNumber(row.date_unix_seconds),
         .score = *row.score,
         .family = row.family.empty() && family != families.end() ? family->second : row.family});
  }
  return results;
}

}  // namespace fleetmeter
