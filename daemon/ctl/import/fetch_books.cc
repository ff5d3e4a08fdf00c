#include "daemon/ctl/import/fetch_books.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/base/calendar.h"
#include "daemon/base/units.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMostQuestions = 5'000;  // of prices in a call
constexpr int64_t kMostDays = 28;      // in a call, so that each is answered soon

struct AskedDays {
  OutcomeKind kind = OutcomeKind::kInference;
  int64_t from = INT64_MAX;  // days
  int64_t to = 0;

  void Add(int64_t first_day, int64_t last_day) {
    from = std::min(from, DayOf(first_day));
    to = std::max(to, DayOf(last_day) + kSecondsPerDay);
  }
};

// By source; of benchmarks one, since results are told apart by other names.
std::map<std::string, AskedDays> DaysToAsk(const imports::ImportBatch& file,
                                           const CorrectionRules& rules) {
  const auto day_of = [&rules](int64_t unix_nanos) {
    return rules.zone.Local(unix_nanos / kNanosPerSecond);
  };
  std::map<std::string, AskedDays> asked;
  for (const imports::ImportReport& planned : file.reports) {
    const auto& report = std::get<OutcomeReport>(planned.report);
    AskedDays& days = asked[report.source];
    days.kind = report.kind;
    for (const BenchmarkRow& row : report.benchmarks) {
      days.Add(row.date_unix_seconds, row.date_unix_seconds);
    }
    if (report.kind == OutcomeKind::kBenchmarks) continue;
    days.Add(day_of(report.window_start_unix_nanos), day_of(report.WindowEnd() - 1));
    if (rules.covers) {
      days.Add(day_of(rules.covers->start_unix_nanos), day_of(rules.covers->end_unix_nanos - 1));
    }
  }
  return asked;
}

void TakeTime(const v1::BookedOutcomes& answer, BookedSource* source) {
  if (answer.counted_to_unix_nanos() == 0) return;
  std::vector<TimeSpan> gaps;
  for (const v1::CountedGap& gap : answer.gaps()) {
    gaps.push_back({gap.start_unix_nanos(), gap.end_unix_nanos()});
  }
  source->counted = WindowSet({answer.counted_from_unix_nanos(), answer.counted_to_unix_nanos()},
                              std::move(gaps));
}

void TakeCells(const v1::BookedOutcomes& answer, BookedSource* source) {
  for (const v1::BookedInferenceDay& day : answer.inference()) {
    source->cells[{day.day_unix_seconds(),
                   {day.model(), day.customer_tier(), day.pool(), day.workload(), ""}}] = {
        .amounts = {day.requests(), day.unpriced_requests(), day.input_tokens(),
                    day.cached_input_tokens(), day.output_tokens(), day.revenue_micro_usd(), 0},
        .corrections = static_cast<int64_t>(day.corrections()),
        .price_book_version = day.price_book_version()};
  }
  for (const v1::BookedTrainingDay& day : answer.training()) {
    source->cells[{day.day_unix_seconds(),
                   {day.model(), day.family(), day.run(), day.phase(), day.pool()}}] = {
        .amounts = {0, 0, 0, 0, 0, 0, day.h100e_seconds()},
        .corrections = static_cast<int64_t>(day.corrections())};
  }
}

void TakeResults(const v1::BookedOutcomes& answer, Books* books) {
  for (const v1::BookedResult& result : answer.results()) {
    BenchmarkRow row{.model = result.model(),
                     .family = result.family(),
                     .benchmark = result.benchmark(),
                     .version = result.version(),
                     .date_unix_seconds = result.date_unix_seconds(),
                     .source = result.measured_by(),
                     .score = std::nullopt};
    if (result.has_score()) row.score = result.score();
    const ResultKey key = KeyOfResult(row);
    books->results[key] = {std::move(row), static_cast<int64_t>(result.corrections())};
  }
}

absl::Status FetchSource(const BookQuestions& daemon, const std::string& source,
                         const AskedDays& days, Books* books) {
  v1::GetBookedRequest request;
  request.set_kind(std::string(Name(days.kind)));
  request.set_source(source);
  BookedSource& booked = books->sources[source];
  for (int64_t from = days.from; from < days.to;) {
    request.set_from_unix_seconds(from);
    request.set_to_unix_seconds(std::min(from + kMostDays * kSecondsPerDay, days.to));
    const auto answer = daemon.booked(request);
    if (!answer.ok()) return answer.status();
    TakeTime(*answer, &booked);
    TakeCells(*answer, &booked);
    TakeResults(*answer, books);
    if (answer->to_unix_seconds() <= from) {
      return absl::InternalError("the daemon answers of no day; is it another program's?");
    }
    from = answer->to_unix_seconds();
  }
  return absl::OkStatus();
}

// What the books price by their price book: rows of time that they have, without a revenue.
class PriceFetcher {
 public:
  PriceFetcher(const BookQuestions& daemon, const DayZone& zone, Books* books)
      : daemon_(daemon), zone_(zone), books_(books) {}

  // Day by day, as the books price it.
  absl::Status Add(const OutcomeReport& report, size_t index) {
    const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone_);
    if (!days.ok()) return days.status();
    for (size_t i = 0; i < report.inference.size(); ++i) {
      if (report.inference[i].revenue_micro_usd) continue;
      for (const HourSlice& day : *days) {
        AddQuestion(report, report.inference[i], day);
        places_.emplace_back(index, i, day.hour_start);
        if (request_.rows_size() < kMostQuestions) continue;
        if (absl::Status asked = Ask(); !asked.ok()) return asked;
      }
    }
    return absl::OkStatus();
  }

  absl::Status Ask() {
    if (places_.empty()) return absl::OkStatus();
    const auto answer = daemon_.prices(request_);
    if (!answer.ok()) return answer.status();
    if (static_cast<size_t>(answer->rows_size()) != places_.size()) {
      return absl::InternalError("the daemon answers with other prices than it was asked for");
    }
    books_->price_book_version = answer->price_book_version();
    for (size_t i = 0; i < places_.size(); ++i) {
      const v1::Price& price = answer->rows(static_cast<int>(i));
      books_->prices[places_[i]] =
          price.has_revenue_micro_usd() ? std::optional(price.revenue_micro_usd()) : std::nullopt;
    }
    places_.clear();
    request_.clear_rows();
    return absl::OkStatus();
  }

 private:
  void AddQuestion(const OutcomeReport& report, const InferenceRow& row, const HourSlice& day) {
    const auto part = [&](int64_t amount) {
      return PartIn(day, amount, report.window_length_nanos);
    };
    v1::PriceQuestion& question = *request_.add_rows();
    question.set_model(row.model);
    question.set_customer_tier(row.customer_tier);
    question.set_unix_seconds((report.window_start_unix_nanos + day.from_nanos) / kNanosPerSecond);
    question.set_input_tokens(part(row.input_tokens));
    question.set_cached_input_tokens(part(row.cached_input_tokens));
    question.set_output_tokens(part(row.output_tokens));
  }

  const BookQuestions& daemon_;
  const DayZone& zone_;
  Books* const books_;
  v1::GetPricesRequest request_;
  std::vector<std::tuple<size_t, size_t, int64_t>> places_;  // of its rows
};

}  // namespace

absl::StatusOr<Books> FetchBooks(const BookQuestions& daemon, const imports::ImportBatch& file,
                                 const CorrectionRules& rules) {
  Books books;
  for (const auto& [source, days] : DaysToAsk(file, rules)) {
    if (absl::Status got = FetchSource(daemon, source, days, &books); !got.ok()) return got;
  }
  PriceFetcher prices(daemon, rules.zone, &books);
  for (size_t i = 0; i < file.reports.size(); ++i) {
    const auto& report = std::get<OutcomeReport>(file.reports[i].report);
    const WindowSet& counted = books.sources[report.source].counted;
    const TimeSpan span{report.window_start_unix_nanos, report.WindowEnd()};
    if (counted.empty() || !counted.Overlaps(span)) continue;
    if (absl::Status added = prices.Add(report, i); !added.ok()) return added;
  }
  if (absl::Status asked = prices.Ask(); !asked.ok()) return asked;
  return books;
}

}  // namespace fleetmeter::ctl
