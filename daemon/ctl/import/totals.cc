#include "daemon/ctl/import/totals.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/units.h"

namespace fleetmeter::imports {
namespace {

class Adder {
 public:
  explicit Adder(Totals& totals) : totals_(totals) {}

  void operator()(const OutcomeReport& report) {
    if (report.kind != OutcomeKind::kBenchmarks) {
      Span(report.window_start_unix_nanos, report.WindowEnd());
    }
    for (const InferenceRow& row : report.inference) Add(row);
    for (const TrainingRow& row : report.training) totals_.h100e_seconds += row.h100e_seconds;
    for (const BenchmarkRow& row : report.benchmarks) {
      const int64_t start = row.date_unix_seconds * kNanosPerSecond;
      Span(start, start + kDay);
      ++totals_.results;
    }
  }

  // Those of a plan are by their starts, so that no earlier window comes again.
  void operator()(const UsageReport& report) {
    if (!windows_.empty() && windows_.rbegin()->first < report.window_start_unix_nanos) {
      earlier_windows_ += static_cast<int64_t>(windows_.size());
      windows_.clear();
    }
    Span(report.window_start_unix_nanos, report.WindowEnd());
    for (const UsageGroup& group : report.groups) {
      totals_.chip_nanos += group.chip_nanos;
      if (!group.busy_chip_nanos) continue;
      totals_.busy_chip_nanos = totals_.busy_chip_nanos.value_or(0) + *group.busy_chip_nanos;
    }
  }

  int64_t windows() const { return earlier_windows_ + static_cast<int64_t>(windows_.size()); }

 private:
  void Span(int64_t from, int64_t to) {
    totals_.from_unix_nanos = std::min(totals_.from_unix_nanos.value_or(from), from);
    totals_.to_unix_nanos = std::max(totals_.to_unix_nanos.value_or(to), to);
    windows_.emplace(from, to);
  }

  void Add(const InferenceRow& row) {
    totals_.requests += row.requests;
    totals_.input_tokens += row.input_tokens;
    totals_.cached_input_tokens += row.cached_input_tokens;
    totals_.output_tokens += row.output_tokens;
    if (!row.revenue_micro_usd) return;
    totals_.requests_with_revenue += row.requests;
    totals_.revenue_micro_usd = totals_.revenue_micro_usd.value_or(0) + *row.revenue_micro_usd;
  }

  Totals& totals_;
  std::set<std::pair<int64_t, int64_t>> windows_;
  int64_t earlier_windows_ = 0;  // that went from `windows_`
};

}  // namespace

Totals TotalsOf(const ImportBatch& plan) {
  Totals totals;
  Adder add(totals);
  for (size_t i = 0; i < plan.size(); ++i) {
    const ImportReport& planned = plan.At(i);
    totals.rows += planned.rows();
    std::visit(add, planned.report);
  }
  totals.windows = add.windows();
  return totals;
}

std::string Decimal(absl::int128 value, int decimals) {
  const bool negative = value < 0;
  std::string digits;
  for (absl::int128 rest = negative ? -value : value; rest > 0; rest /= 10) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
  }
  const auto places = static_cast<size_t>(decimals);
  if (digits.size() <= places) digits.append(places + 1 - digits.size(), '0');
  std::reverse(digits.begin(), digits.end());
  if (places > 0) {
    digits.insert(digits.size() - places, ".");
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return negative ? "-" + digits : digits;
}

}  // namespace fleetmeter::imports
