// Books of a map, for tests of corrections: what the daemon books of a file's reports by its rules
// for windows, prices and corrections, and what it answers about that.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/day_zone.h"
#include "daemon/ctl/import/correction_plan.h"
#include "daemon/ctl/import/fetch_books.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter::ctl::maps {

inline constexpr int64_t kFirstDay = 1'767'225'600;  // 2026-01-01
inline constexpr char kSource[] = "gw";

inline constexpr uint32_t kPriceBook = 7;

// In thirds of a micro-USD, 7 a token; of model "free" nobody has a price.
inline std::optional<int64_t> ThirdsOf(const std::string& model, int64_t input, int64_t output) {
  return model == "free" ? std::nullopt : std::optional(7 * (input + output));
}
// Thirds never lie halfway.
inline int64_t RoundedThirds(int64_t thirds) { return (thirds + (thirds < 0 ? -1 : 1)) / 3; }

// What the daemon books of reports of one kind, by its rules for windows and corrections.
class BooksOfMaps {
 public:
  explicit BooksOfMaps(DayZone zone = {}) : zone_(std::move(zone)) {}

  const DayZone& zone() const { return zone_; }
  // False: rejected.
  bool Book(const OutcomeReport& report) {
    return report.kind == OutcomeKind::kBenchmarks ? BookResults(report) : BookWindow(report);
  }
  // The first `most` reports: the sender was killed behind them.
  void BookSome(const imports::ImportBatch& batch, size_t most) {
    for (size_t i = 0; i < std::min(most, batch.reports.size()); ++i) {
      ASSERT_TRUE(Book(std::get<OutcomeReport>(batch.reports[i].report)));
    }
  }
  void BookAll(const imports::ImportBatch& batch) { BookSome(batch, batch.reports.size()); }

  BookQuestions Questions() const {
    return {.booked = [this](const v1::GetBookedRequest& request) { return Booked(request); },
            .prices = [](const v1::GetPricesRequest& request) { return Prices(request); }};
  }

  // What is not 0, "DAY NAMES AMOUNTS". What the price book says is exact in all, and the days'
  // parts of it depend on what was rounded before.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    int64_t by_price_book = 0;
    for (auto [key, cell] : cells_) {
      if (VersionOf(key) != 0) by_price_book += std::exchange(cell.amounts[5], 0);
      if (cell.amounts == CellAmounts{}) continue;
      std::string line = std::to_string((key.day - kFirstDay) / kSecondsPerDay);
      for (const std::string& name : key.names) line += " " + name;
      for (const int64_t amount : cell.amounts) line += " " + std::to_string(amount);
      lines.push_back(line);
    }
    lines.push_back("by the price book " + std::to_string(by_price_book));
    return lines;
  }
  const std::vector<CorrectionNote>& corrections() const { return corrections_; }
  const std::map<ResultKey, StandingResult>& results() const { return results_; }

 private:
  bool BookWindow(const OutcomeReport& report) {
    const TimeSpan span{report.window_start_unix_nanos, report.WindowEnd()};
    if (report.correction) {
      if (windows_.empty() || !windows_.Covers(span) || !Remember(*report.correction)) return false;
    } else {
      if (!windows_.empty() && windows_.Overlaps(span)) return false;
      windows_.Add(span);
    }
    const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone_);
    for (const HourSlice& day : *days) {
      for (const InferenceRow& row : report.inference) Add(day, report, row);
      for (const TrainingRow& row : report.training) Add(day, report, row);
    }
    return true;
  }
  bool BookResults(const OutcomeReport& report) {
    for (const BenchmarkRow& row : report.benchmarks) {
      const bool known = results_.contains(KeyOfResult(row));
      if (known != report.correction.has_value()) return false;
    }
    if (report.correction && !Remember(*report.correction)) return false;
    for (const BenchmarkRow& row : report.benchmarks) {
      StandingResult& result = results_[KeyOfResult(row)];
      result.row = row;
      if (report.correction) ++result.corrections;
    }
    return true;
  }
  bool Remember(const CorrectionNote& note) {
    if (!ids_.insert(note.id).second) return false;
    corrections_.push_back(note);
    return true;
  }
  // Each day has the price of its own part.
  void Add(const HourSlice& day, const OutcomeReport& report, const InferenceRow& row) {
    const auto part = [&](int64_t amount) {
      return PartIn(day, amount, report.window_length_nanos);
    };
    const bool brought = row.revenue_micro_usd.has_value();
    std::optional<int64_t> revenue;
    if (brought) revenue = part(*row.revenue_micro_usd);
    std::set<uint32_t>& versions =
        versions_[{day.hour_start, {row.model, row.customer_tier, row.pool, row.workload, ""}}];
    if (!brought && (row.price_book_version || !report.correction)) {
      EXPECT_EQ(row.price_book_version.value_or(kPriceBook), kPriceBook);
      if (auto thirds = ThirdsOf(row.model, part(row.input_tokens), part(row.output_tokens))) {
        revenue = RoundedThirds(*thirds + thirds_left_);
        thirds_left_ += *thirds - 3 * *revenue;
      }
      versions.insert(revenue ? kPriceBook : 0);
    } else if (row.requests != 0 || row.input_tokens != 0 || revenue.value_or(0) != 0) {
      versions.insert(0);
    }
    const int64_t unpriced =
        report.correction ? row.unpriced_requests : (revenue ? 0 : row.requests);
    AddPart(day, report, {row.model, row.customer_tier, row.pool, row.workload, ""},
            {part(row.requests), part(unpriced), part(row.input_tokens),
             part(row.cached_input_tokens), part(row.output_tokens), revenue.value_or(0), 0});
  }
  void Add(const HourSlice& day, const OutcomeReport& report, const TrainingRow& row) {
    AddPart(day, report, {row.model, row.family, row.run, std::string(Name(row.phase)), row.pool},
            {0, 0, 0, 0, 0, 0, PartIn(day, row.h100e_seconds, report.window_length_nanos)});
  }
  void AddPart(const HourSlice& day, const OutcomeReport& report,
               const std::array<std::string, 5>& names, const CellAmounts& amounts) {
    BookedCell& cell = cells_[{day.hour_start, names}];
    if (report.correction) ++cell.corrections;
    for (size_t i = 0; i < amounts.size(); ++i) cell.amounts[i] += amounts[i];
  }

  // A day an answer, as of books that are large.
  absl::StatusOr<v1::BookedOutcomes> Booked(const v1::GetBookedRequest& request) const {
    v1::BookedOutcomes answer;
    answer.set_to_unix_seconds(request.from_unix_seconds() + kSecondsPerDay);
    if (!windows_.empty()) {
      answer.set_counted_from_unix_nanos(windows_.counted().start_unix_nanos);
      answer.set_counted_to_unix_nanos(windows_.counted().end_unix_nanos);
      for (const TimeSpan& gap : windows_.gaps()) {
        v1::CountedGap& out = *answer.add_gaps();
        out.set_start_unix_nanos(gap.start_unix_nanos);
        out.set_end_unix_nanos(gap.end_unix_nanos);
      }
    }
    for (const auto& [key, cell] : cells_) {
      if (key.day != request.from_unix_seconds()) continue;
      if (request.kind() == "training") {
        FillTraining(key, cell, *answer.add_training());
      } else {
        v1::BookedInferenceDay& out = *answer.add_inference();
        FillInference(key, cell, out);
        out.set_price_book_version(VersionOf(key));
      }
    }
    for (const auto& [key, result] : results_) {
      if (result.row.date_unix_seconds != request.from_unix_seconds()) continue;
      v1::BookedResult& out = *answer.add_results();
      out.set_model(result.row.model);
      out.set_family(result.row.family);
      out.set_benchmark(result.row.benchmark);
      out.set_version(result.row.version);
      out.set_date_unix_seconds(result.row.date_unix_seconds);
      out.set_measured_by(result.row.source);
      if (result.row.score) out.set_score(*result.row.score);
      out.set_corrections(static_cast<uint64_t>(result.corrections));
    }
    return answer;
  }
  uint32_t VersionOf(const CellKey& key) const {
    const auto found = versions_.find(key);
    return found != versions_.end() && found->second == std::set{kPriceBook} ? kPriceBook : 0;
  }
  static void FillInference(const CellKey& key, const BookedCell& cell,
                            v1::BookedInferenceDay& out) {
    out.set_day_unix_seconds(key.day);
    out.set_model(key.names[0]);
    out.set_customer_tier(key.names[1]);
    out.set_pool(key.names[2]);
    out.set_workload(key.names[3]);
    out.set_requests(cell.amounts[0]);
    out.set_unpriced_requests(cell.amounts[1]);
    out.set_input_tokens(cell.amounts[2]);
    out.set_cached_input_tokens(cell.amounts[3]);
    out.set_output_tokens(cell.amounts[4]);
    out.set_revenue_micro_usd(cell.amounts[5]);
    out.set_corrections(static_cast<uint64_t>(cell.corrections));
  }
  static void FillTraining(const CellKey& key, const BookedCell& cell, v1::BookedTrainingDay& out) {
    out.set_day_unix_seconds(key.day);
    out.set_model(key.names[0]);
    out.set_family(key.names[1]);
    out.set_run(key.names[2]);
    out.set_phase(key.names[3]);
    out.set_pool(key.names[4]);
    out.set_h100e_seconds(cell.amounts[6]);
    out.set_corrections(static_cast<uint64_t>(cell.corrections));
  }
  static absl::StatusOr<v1::Prices> Prices(const v1::GetPricesRequest& request) {
    v1::Prices answer;
    answer.set_price_book_version(kPriceBook);
    for (const v1::PriceQuestion& row : request.rows()) {
      v1::Price& price = *answer.add_rows();
      const auto thirds = ThirdsOf(row.model(), row.input_tokens(), row.output_tokens());
      if (thirds) price.set_revenue_micro_usd(RoundedThirds(*thirds));
    }
    return answer;
  }

  const DayZone zone_;
  WindowSet windows_;
  std::map<CellKey, BookedCell> cells_;
  std::map<CellKey, std::set<uint32_t>> versions_;  // of price books; 0: of reports, or nobody's
  int64_t thirds_left_ = 0;                         // of rounding
  std::map<ResultKey, StandingResult> results_;
  std::set<std::string> ids_;
  std::vector<CorrectionNote> corrections_;
};

inline InferenceRow Row(const std::string& model, int64_t requests, int64_t tokens,
                        std::optional<int64_t> revenue) {
  return {.model = model,
          .customer_tier = "pro",
          .requests = requests,
          .input_tokens = tokens,
          .cached_input_tokens = 0,
          .output_tokens = tokens / 10,
          .revenue_micro_usd = revenue};
}

// Hours since the first day.
inline imports::ImportReport Served(int64_t from_hour, int64_t hours,
                                    std::vector<InferenceRow> rows) {
  OutcomeReport report;
  report.kind = OutcomeKind::kInference;
  report.source = kSource;
  report.window_start_unix_nanos = kFirstDay * kNanosPerSecond + from_hour * kNanosPerHour;
  report.window_length_nanos = hours * kNanosPerHour;
  report.inference = std::move(rows);
  return {.report = std::move(report), .lines = imports::LineSet(from_hour + 2)};
}

inline imports::ImportBatch FileOf(std::vector<imports::ImportReport> reports) {
  imports::ImportBatch file;
  file.reports = std::move(reports);
  return file;
}

inline CorrectionPlan Compare(const BooksOfMaps& books, const imports::ImportBatch& file,
                              std::optional<TimeSpan> covers = std::nullopt) {
  const CorrectionRules rules = {.zone = books.zone(), .covers = covers, .reason = "restated"};
  const auto fetched = FetchBooks(books.Questions(), file, rules);
  EXPECT_TRUE(fetched.ok()) << fetched.status();
  auto plan = PlanCorrection(file, *fetched, rules);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *std::move(plan);
}

}  // namespace fleetmeter::ctl::maps
