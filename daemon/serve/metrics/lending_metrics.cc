#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/serve/metrics/spending_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr char kOverflowPair[] = "overflow";
// No name of a pool begins with it.
constexpr char kNobody[] = "-";
constexpr char kNotKnown[] = "-untold";

using Pair = std::pair<std::string, std::string>;  // borrower and lender

std::string LenderOf(const LentRow& row) {
  if (row.is_untold) return kNotKnown;
  return row.lender.empty() ? kNobody : row.lender;
}

std::map<Pair, double> H100eSeconds(std::vector<LentRow> rows) {
  std::sort(rows.begin(), rows.end(),
            [](const LentRow& a, const LentRow& b) { return a.h100e_nanos > b.h100e_nanos; });
  std::map<Pair, double> seconds;
  for (size_t i = 0; i < rows.size(); ++i) {
    const LentRow& row = rows[i];
    const bool own = i < kMostLendingSeries;
    const Pair pair = own ? Pair(row.borrower, LenderOf(row)) : Pair(kOverflowPair, kOverflowPair);
    seconds[pair] += static_cast<double>(row.h100e_nanos) / static_cast<double>(kNanosPerSecond);
  }
  return seconds;
}

void WritePairs(const std::vector<LentRow>& rows, double seconds_of_one, SeriesWriter& out) {
  for (const auto& [pair, seconds] : H100eSeconds(rows)) {
    out.Sample({pair.first, pair.second}, seconds / seconds_of_one);
  }
}

// On average over the hour.
void WriteHour(const SpendingFigures& figures, SeriesWriter& out) {
  if (figures.facts.view) WritePairs(figures.facts.view->lent_in_hour, kSecondsPerHour, out);
}

void WriteWeek(const SpendingFigures& figures, SeriesWriter& out) {
  if (figures.facts.view) WritePairs(figures.facts.view->week.rows, 1, out);
}

std::optional<double> HourStart(const SpendingFigures& figures) {
  if (!figures.facts.view || !figures.facts.view->hour_unix_seconds) return std::nullopt;
  return static_cast<double>(*figures.facts.view->hour_unix_seconds);
}

std::optional<double> WeekTold(const SpendingFigures& figures) {
  if (!figures.facts.view) return std::nullopt;
  const LendingReview& week = figures.facts.view->week;
  return static_cast<double>(week.told_seconds) /
         static_cast<double>(week.told_seconds + week.untold_seconds);
}

// Nothing of a pool that was heard throughout.
void WriteUntold(const SpendingFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  for (const auto& [pool, h100e_nanos] : figures.facts.view->week.unheard) {
    out.Sample({pool}, static_cast<double>(h100e_nanos) / static_cast<double>(kNanosPerSecond));
  }
}

std::optional<double> SpendingAsOf(const SpendingFigures& figures) {
  if (!figures.facts.view) return std::nullopt;
  return ToSeconds(figures.facts.view->as_of_unix_nanos);
}

std::optional<double> SpendingTook(const SpendingFigures& figures) {
  return figures.facts.view ? std::optional(figures.facts.view->took_seconds) : std::nullopt;
}

double SpendingFailures(const SpendingFigures& figures) {
  return static_cast<double>(figures.facts.refresh_failures);
}

constexpr Family<SpendingFigures> kLendingFamilies[] = {
    {{"fleetmeter_pool_lent_h100e",
      kGauge,
      {"borrower", "lender"},
      "The pool `lender` lent this many H100e to the pool `borrower`, on average over the latest "
      "full hour that the books tell: what the borrower held beyond its allocation, shared out to "
      "the pools that held less than theirs, in proportion to what each left. The lender `-` is "
      "nobody: it is held beyond all allocations together. The lender `-untold` is not known, "
      "since "
      "pools that may have left so much were silent. Pairs beyond the 200 largest are one, "
      "`overflow`. The series are absent where nothing was lent, and before the ledger was read."},
     WriteHour},
    {{"fleetmeter_pool_lent_week_h100e_seconds",
      kGauge,
      {"borrower", "lender"},
      "The pool `lender` lent this many H100e-seconds to the pool `borrower` in the 7 days up to "
      "the "
      "present hour, as fleetmeter_pool_lent_h100e counts them."},
     WriteWeek},
    {{"fleetmeter_lending_hour_timestamp_seconds",
      kGauge,
      {},
      "The hour that fleetmeter_pool_lent_h100e is about begins at this time, as seconds since the "
      "Unix epoch. The series is absent where the books tell of neither of the last two full "
      "hours."},
     OneSeries<HourStart>},
    {{"fleetmeter_lending_week_told_ratio",
      kGauge,
      {},
      "The books tell this part of the 7 days of fleetmeter_pool_lent_week_h100e_seconds. What was "
      "lent in the rest is not in it."},
     OneSeries<WeekTold>},
    {{"fleetmeter_lending_week_untold_h100e_seconds",
      kGauge,
      {"pool"},
      "For this many H100e-seconds of the 7 days of fleetmeter_pool_lent_week_h100e_seconds, chips "
      "of the pool should have been heard and were not, while others were heard. Of a pool that no "
      "source had told of yet it is what the pool was allocated. What the pool borrowed or lent "
      "with these chips is not known. The series is absent for a pool that was heard throughout."},
     WriteUntold},
    {{"fleetmeter_spending_as_of_timestamp_seconds",
      kGauge,
      {},
      "The figures of budgets and lending were worked out at this time, as seconds since the Unix "
      "epoch. The series is absent before the first time."},
     OneSeries<SpendingAsOf>},
    {{"fleetmeter_spending_refresh_seconds",
      kGauge,
      {},
      "It took this many seconds to work out the figures of budgets and lending that are shown. "
      "The series is absent before the first time."},
     OneSeries<SpendingTook>},
    {{"fleetmeter_spending_refresh_failures_total",
      kCounter,
      {},
      "The figures of budgets and lending could not be worked out this many times. The figures "
      "from "
      "before are then still shown."},
     OneSeries<SpendingFailures>},
};

}  // namespace

constexpr MetricGroup<SpendingFigures> kLendingMetrics = {
    "Lending",
    "These families show which pools hold more than their allocation, and whose chips those are by "
    "the hours of the books. What a pool holds beyond its allocation in a part of an hour, and "
    "less "
    "in another part, nets out within the hour.",
    kLendingFamilies,
};

}  // namespace fleetmeter
