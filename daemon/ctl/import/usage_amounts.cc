#include "daemon/ctl/import/usage_amounts.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "daemon/ctl/import/import_batch.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::imports {
namespace {

// More is improbable: fleets shrink, but seldom to a quarter without a plan that says what they had
// before. A file in milliseconds is found if it holds more than 0.4% of a kind at any time.
constexpr double kMostOfDeclared = 4;
// The smallest share that hardware gives is a seventh of a chip. A row whose jobs hold that for a
// third of its window is still above it.
constexpr double kLeastOfARow = 0.05;
// A signal in whole percent, over a row of which a tenth is busy at all.
constexpr double kLeastBusy = 0.001;
// Where no amount is above 1, as shares of time are.
constexpr double kLeastBusyOfShares = 0.01;
// Of a reading in another unit, to be worth telling.
constexpr double kLeastLikely = 0.1;
constexpr double kMostLikely = 1e6;

struct Peak {
  double chips = 0;
  int64_t line = 0;  // the first of the window's
};

// The most chips of each kind that the file holds at one time, over all of its sources. Reports
// come by time: those of one window follow one another.
class PeaksByKind {
 public:
  void Add(const ImportReport& planned) {
    const auto* report = std::get_if<UsageReport>(&planned.report);
    if (report == nullptr || report->window_length_nanos <= 0) return;
    const auto window = std::pair(report->window_start_unix_nanos, report->window_length_nanos);
    if (window != window_) held_.clear();
    window_ = window;
    for (const UsageGroup& group : report->groups) {
      double& chips = held_[group.chip];
      chips +=
          static_cast<double>(group.chip_nanos) / static_cast<double>(report->window_length_nanos);
      Peak& peak = peaks_[group.chip];
      if (chips <= peak.chips) continue;
      const auto& lines = planned.lines.ranges();
      peak = {chips, lines.empty() ? 0 : lines.front().first};
    }
  }

  const std::map<std::string, Peak>& peaks() const { return peaks_; }

 private:
  std::pair<int64_t, int64_t> window_;
  std::map<std::string, double> held_;  // in that window
  std::map<std::string, Peak> peaks_;
};

std::string Chips(double chips) { return fmt::format("{:.6g} chips", chips); }

AmountDoubt TooMuch(const UsageAmounts& amounts, const std::string& chip, const Peak& peak,
                    int64_t declared) {
  return {kTooMuchChipTime,
          fmt::format("{}: the rows of the window of line {} hold {} of {} at a time; expected at "
                      "most a few times the {} that the plans declare{}",
                      amounts.chip_column, peak.line, Chips(peak.chips), chip, declared,
                      LikelyUnits(peak.chips, amounts.unit_nanos, kLeastLikely,
                                  static_cast<double>(declared)))};
}

AmountDoubt TooLittle(const UsageAmounts& amounts, double most) {
  return {kTooLittleChipTime,
          fmt::format("{}: no row of the file holds more than {:.3g} of a chip over its window; "
                      "expected some that do{}",
                      amounts.chip_column, amounts.most_chips,
                      LikelyUnits(amounts.most_chips, amounts.unit_nanos, kLeastLikely, most))};
}

bool AreLikeShares(const UsageAmounts& amounts) {
  return amounts.most_busy_nanos <= amounts.busy_unit_nanos;
}

bool IsTooLittleBusy(const UsageAmounts& amounts) {
  const double least = AreLikeShares(amounts) ? kLeastBusyOfShares : kLeastBusy;
  return amounts.busiest > 0 && amounts.busiest <= least;
}

AmountDoubt TooLittleBusy(const UsageAmounts& amounts) {
  return {
      kTooLittleBusyTime,
      fmt::format("{}: rows are busy, and none for more than {:.2g}% of its {}; expected some "
                  "that are{}",
                  amounts.busy_column, amounts.busiest * 100, amounts.chip_column,
                  AreLikeShares(amounts) ? ". All amounts are from 0 to 1, as shares are" : "")};
}

AmountDoubt Twice(const UsageAmounts& amounts) {
  return {
      kRowsTwice,
      fmt::format("a part of the file seems to be there twice: {} of its {} rows say again what "
                  "other rows of the same windows say; expected each row once, since rows of a "
                  "window are added up",
                  amounts.rows_again, amounts.rows)};
}

AmountDoubt WithSteps(const std::string& job) {
  return {kJobSteps,
          fmt::format("workload: job {} is there, and so are steps of it; expected rows of jobs "
                      "alone, as 'sacct -X' lists them: a job's row has the chip-time of its steps",
                      job)};
}

bool IsJob(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789_+") == std::string_view::npos;
}

bool IsStep(std::string_view name) {
  return name == "batch" || name == "extern" || name == "interactive" ||
         (!name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos);
}

double MostDeclared(const DeclaredChips& declared) {
  double most = 0;
  for (const auto& [chip, chips] : declared) most = std::max(most, static_cast<double>(chips));
  return most > 0 ? most : kMostLikely;
}

}  // namespace

void JobSteps::Hear(std::string_view workload) {
  const size_t dot = workload.find('.');
  const std::string_view job = workload.substr(0, dot);
  if (!IsJob(job) || jobs_.size() + with_steps_.size() >= kMostJobs) return;
  if (dot == std::string_view::npos) {
    jobs_.emplace(job);
  } else if (IsStep(workload.substr(dot + 1))) {
    with_steps_.emplace(job);
  }
}

std::string JobSteps::JobWithSteps() const {
  for (const std::string& job : with_steps_) {
    if (jobs_.contains(job)) return job;
  }
  return "";
}

void UsageAmounts::Hear(int64_t nanos, int64_t chip_nanos, int64_t busy_chip_nanos) {
  if (nanos <= 0 || chip_nanos <= 0) return;
  ++rows;
  most_busy_nanos = std::max(most_busy_nanos, busy_chip_nanos);
  most_chips = std::max(most_chips, static_cast<double>(chip_nanos) / static_cast<double>(nanos));
  busiest =
      std::max(busiest, static_cast<double>(busy_chip_nanos) / static_cast<double>(chip_nanos));
}

std::string LikelyUnits(double chips, int64_t unit_nanos, double least, double most) {
  std::vector<std::string> likely;
  for (const AmountUnit& unit : kAmountUnits) {
    const double there = chips * static_cast<double>(unit.nanos) / static_cast<double>(unit_nanos);
    if (unit.nanos == unit_nanos || there < least || there > most) continue;
    likely.push_back(fmt::format("in {} {}", unit.name, Chips(there)));
  }
  if (likely.empty()) return "";
  return fmt::format(". The same amounts would be {}", fmt::join(likely, ", or "));
}

std::vector<AmountDoubt> DoubtsOf(const ImportBatch& file, const DeclaredChips& declared) {
  std::vector<AmountDoubt> doubts;
  const UsageAmounts& amounts = file.amounts;
  if (amounts.chip_column.empty()) return doubts;
  PeaksByKind peaks;
  for (size_t i = 0; i < file.size(); ++i) peaks.Add(file.At(i));
  for (const auto& [chip, peak] : peaks.peaks()) {
    const auto found = declared.find(chip);
    if (found == declared.end()) continue;
    if (peak.chips <= kMostOfDeclared * static_cast<double>(found->second)) continue;
    doubts.push_back(TooMuch(amounts, chip, peak, found->second));
  }
  if (amounts.most_chips > 0 && amounts.most_chips < kLeastOfARow) {
    doubts.push_back(TooLittle(amounts, MostDeclared(declared)));
  }
  if (IsTooLittleBusy(amounts)) doubts.push_back(TooLittleBusy(amounts));
  if (amounts.rows_again > 1) doubts.push_back(Twice(amounts));
  if (const std::string job = amounts.jobs.JobWithSteps(); !job.empty()) {
    doubts.push_back(WithSteps(job));
  }
  return doubts;
}

}  // namespace fleetmeter::imports
