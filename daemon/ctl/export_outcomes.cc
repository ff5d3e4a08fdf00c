#include "daemon/ctl/export_outcomes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/read/read_told_times.h"
#include "daemon/serve/metrics/outcome_metrics.h"
#include "daemon/serve/metrics/text_format.h"
#include "daemon/view/outcome_board.h"
#include "daemon/view/serving_cost.h"

namespace fleetmeter::ctl {
namespace {

using outcomes::CostBasis;
using outcomes::Segment;

// Price and chip-nanoseconds to micro-USD: an hour's nanoseconds.
constexpr double kNanosPerChipHour = 3.6e12;
// A year and a leap day, so that there is a window a year earlier.
constexpr int64_t kEarliestDay = 366 * kSecondsPerDay;

// What counters are made of; in doubles, since a day is spread over its hours.
struct Served {
  std::map<Segment, SegmentCounters> segments;
  std::map<std::pair<std::string, CostBasis>, double> cost_micro_usd;
  std::map<std::pair<std::string, TrainingPhase>, double> training_h100e_seconds;
};

// A day may take away, by corrections, more than it brought; counters only grow.
double AtLeastNothing(double amount) { return std::max(amount, 0.0); }

void Add(const SegmentCounters& more, double part, SegmentCounters* sum) {
  for (const auto amount : {&SegmentCounters::requests, &SegmentCounters::unpriced_requests,
                            &SegmentCounters::input_tokens, &SegmentCounters::cached_input_tokens,
                            &SegmentCounters::output_tokens, &SegmentCounters::revenue_usd}) {
    sum->*amount += part * AtLeastNothing(more.*amount);
  }
}

void Add(const Served& more, double part, Served* sum) {
  for (const auto& [segment, counters] : more.segments) {
    Add(counters, part, &sum->segments[segment]);
  }
  for (const auto& [key, cost] : more.cost_micro_usd) {
    sum->cost_micro_usd[key] += part * AtLeastNothing(cost);
  }
  for (const auto& [key, seconds] : more.training_h100e_seconds) {
    sum->training_h100e_seconds[key] += part * AtLeastNothing(seconds);
  }
}

SegmentCounters CountersOf(const InferenceAmounts& amounts) {
  SegmentCounters counters;
  counters.requests = static_cast<double>(amounts.requests);
  counters.unpriced_requests = static_cast<double>(amounts.unpriced_requests);
  counters.input_tokens = static_cast<double>(amounts.input_tokens);
  counters.cached_input_tokens = static_cast<double>(amounts.cached_input_tokens);
  counters.output_tokens = static_cast<double>(amounts.output_tokens);
  counters.revenue_usd = static_cast<double>(amounts.revenue_micro_usd) / 1e6;
  return counters;
}

class OutcomeExport {
 public:
  OutcomeExport(Database& ledger, std::shared_ptr<const ReferenceData> reference,
                const ExportTimes& times, OpenMetricsHistory* history)
      : ledger_(ledger), reference_(std::move(reference)), times_(times), history_(*history) {}

  absl::Status Run() {
    auto told = ReadToldTimes(ledger_);
    if (!told.ok()) return told.status();
    told_ = *std::move(told);
    const int64_t first = DayOf(told_.zone.Local(times_.from));
    auto before = Read({0, first});
    if (!before.ok()) return before.status();
    Add(*before, 1, &total_);
    for (int64_t day = first; told_.zone.BeginOf(day) <= times_.to; day += kSecondsPerDay) {
      if (absl::Status status = Day(day); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Served> Read(DaySpan span) {
    Served served;
    const auto inference = ReadInference(ledger_, span);
    if (!inference.ok()) return inference.status();
    for (const SegmentSum& row : *inference) {
      served.segments[{row.model, row.customer_tier}] = CountersOf(row.amounts);
    }
    const auto serving = ReadServing(ledger_, span);
    if (!serving.ok()) return serving.status();
    for (const ServingSum& row : *serving) {
      if (!row.micro_usd_per_chip_hour) continue;
      for (const CostBasis basis : outcomes::kCostBases) {
        served.cost_micro_usd[{row.model, basis}] +=
            static_cast<double>(ServingNanos(row.amounts, basis)) / kNanosPerChipHour *
            static_cast<double>(*row.micro_usd_per_chip_hour);
      }
    }
    const auto reported = ReadReportedTraining(ledger_, span);
    if (!reported.ok()) return reported.status();
    const auto measured = ReadMeasuredTraining(ledger_, span);
    if (!measured.ok()) return measured.status();
    served.training_h100e_seconds =
        SumTraining(*reported, *measured, reference_->outcomes.post_training_types).seconds;
    return served;
  }

  // The steps of a day, of which there may be none.
  absl::Status Day(int64_t day) {
    const auto of_day = Read({day, day + kSecondsPerDay});
    if (!of_day.ok()) return of_day.status();
    const int64_t begin = told_.zone.BeginOf(day);
    const int64_t end = told_.zone.BeginOf(day + kSecondsPerDay);
    const int64_t late = std::max<int64_t>(begin - times_.from, 0);
    int64_t time = times_.from + (late + times_.step - 1) / times_.step * times_.step;
    std::optional<std::string> gauges;
    for (; time < end && time <= times_.to; time += times_.step) {
      if (!gauges) {
        auto page = Gauges(begin - 1);
        if (!page.ok()) return page.status();
        gauges = *std::move(page);
      }
      history_.AddPage(time, *gauges);
      Served until = total_;
      Add(*of_day, static_cast<double>(time - begin) / static_cast<double>(end - begin), &until);
      history_.AddPage(time, Counters(until));
    }
    Add(*of_day, 1, &total_);
    return absl::OkStatus();
  }

  std::string Counters(const Served& served) {
    const std::map<Segment, Segment> names = Names(served);
    OutcomeFigures figures;
    for (const auto& [segment, counters] : served.segments) {
      Add(counters, 1, &figures.counters[names.at(segment)]);
    }
    auto view = std::make_shared<OutcomeView>();
    for (const auto& [key, cost] : served.cost_micro_usd) {
      view->booked_cost_micro_usd[key] = std::llround(cost);
    }
    view->training_h100e_seconds = served.training_h100e_seconds;
    figures.facts.reference = reference_;
    figures.facts.view = std::move(view);
    std::string page;
    WriteFamilies(
        kServingMetrics,
        {"fleetmeter_inference_requests_total", "fleetmeter_inference_unpriced_requests_total",
         "fleetmeter_inference_input_tokens_total",
         "fleetmeter_inference_cached_input_tokens_total",
         "fleetmeter_inference_output_tokens_total", "fleetmeter_inference_revenue_usd_total",
         "fleetmeter_inference_serving_cost_usd_total"},
        figures, &page);
    WriteFamilies(kCapabilityMetrics, {kTrainingCounter}, figures, &page);
    return page;
  }

  // As the daemon does: some segments have series of their own, in the order of their first day.
  std::map<Segment, Segment> Names(const Served& served) {
    std::vector<SegmentTotal> totals;
    for (const auto& [segment, counters] : served.segments) {
      totals.push_back({.model = segment.model,
                        .customer_tier = segment.customer_tier,
                        .reported = {},
                        .corrected = {}});
    }
    segments_.Decide(totals, static_cast<size_t>(reference_->outcomes.segment_series));
    return segments_.Names();
  }

  // Margin and capability as of a time; empty before 1971.
  absl::StatusOr<std::string> Gauges(int64_t now) {
    if (DayOf(std::max<int64_t>(now, 0)) < 2 * kEarliestDay) return std::string();
    auto view = WorkOutOutcomes(ledger_, reference_->outcomes, told_, now);
    if (!view.ok()) return view.status();
    Names(total_);
    OutcomeFacts facts;
    facts.reference = reference_;
    facts.view = std::make_shared<const OutcomeView>(*std::move(view));
    const OutcomeFigures figures = MakeOutcomeFigures(std::move(facts), segments_);
    std::string page;
    TextWriter writer(page);
    WriteGroup(kMarginMetrics, figures, writer);
    for (const Family<OutcomeFigures>& family : kCapabilityMetrics.families) {
      if (family.metric.name == kTrainingCounter) continue;
      writer.Begin(family.metric);
      family.write_series(figures, writer);
    }
    WriteFamilies(kOutcomeStateMetrics, {"fleetmeter_outcomes_time_zone_info"}, figures, &page);
    return page;
  }

  static constexpr std::string_view kTrainingCounter = "fleetmeter_training_h100e_seconds_total";

  Database& ledger_;
  const std::shared_ptr<const ReferenceData> reference_;
  const ExportTimes times_;
  OpenMetricsHistory& history_;
  ToldTimes told_;  // by now: what was told late counts for the time that it tells of
  SegmentSeries segments_;
  Served total_;  // of the days before the one under way
};

}  // namespace

absl::Status ExportOutcomes(Database& ledger, std::shared_ptr<const ReferenceData> reference,
                            const ExportTimes& times, OpenMetricsHistory* history) {
  return OutcomeExport(ledger, std::move(reference), times, history).Run();
}

}  // namespace fleetmeter::ctl
