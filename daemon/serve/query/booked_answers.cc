#include "daemon/serve/query/booked_answers.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ledger/read/read_booked.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMostBookedBytes = size_t{3} << 20;
constexpr int kMostPrices = 10'000;
constexpr int64_t kMostCorrections = 10'000;
constexpr int64_t kUsualCorrections = 1'000;
constexpr int64_t kLatestDay = 7'258'118'400;  // 2200

absl::StatusOr<OutcomeKind> KindOf(const std::string& name) {
  for (const OutcomeKind kind : kOutcomeKinds) {
    if (name == Name(kind)) return kind;
  }
  return absl::InvalidArgumentError(
      fmt::format("kind: {} is none; expected inference, training or benchmarks", Quoted(name)));
}

absl::StatusOr<DaySpan> DaysOf(const v1::GetBookedRequest& request) {
  const DaySpan days{request.from_unix_seconds(), request.to_unix_seconds()};
  const bool midnights = days.from_day % kSecondsPerDay == 0 && days.to_day % kSecondsPerDay == 0;
  if (midnights && days.from_day >= 0 && days.from_day < days.to_day && days.to_day <= kLatestDay) {
    return days;
  }
  return absl::InvalidArgumentError(
      "from and to: expected midnights (UTC) from 1970 to 2199, the first before the second");
}

void FillTime(const WindowSet& windows, v1::BookedOutcomes* to) {
  if (windows.empty()) return;
  to->set_counted_from_unix_nanos(windows.counted().start_unix_nanos);
  to->set_counted_to_unix_nanos(windows.counted().end_unix_nanos);
  for (const TimeSpan& gap : windows.gaps()) {
    v1::CountedGap& out = *to->add_gaps();
    out.set_start_unix_nanos(gap.start_unix_nanos);
    out.set_end_unix_nanos(gap.end_unix_nanos);
  }
}

void Fill(const BookedInferenceCell& from, v1::BookedInferenceDay& to) {
  to.set_day_unix_seconds(from.day);
  to.set_model(from.model);
  to.set_customer_tier(from.customer_tier);
  to.set_pool(from.pool);
  to.set_workload(from.workload);
  to.set_requests(from.amounts.requests);
  to.set_unpriced_requests(from.amounts.unpriced_requests);
  to.set_input_tokens(from.amounts.input_tokens);
  to.set_cached_input_tokens(from.amounts.cached_input_tokens);
  to.set_output_tokens(from.amounts.output_tokens);
  to.set_revenue_micro_usd(from.amounts.revenue_micro_usd);
  to.set_corrections(static_cast<uint64_t>(from.corrections));
  to.set_price_book_version(from.price_book_version);
}

void Fill(const BookedTrainingCell& from, v1::BookedTrainingDay& to) {
  to.set_day_unix_seconds(from.day);
  to.set_model(from.row.model);
  to.set_family(from.row.family);
  to.set_run(from.row.run);
  to.set_phase(std::string(Name(from.row.phase)));
  to.set_pool(from.row.pool);
  to.set_h100e_seconds(from.row.h100e_seconds);
  to.set_corrections(static_cast<uint64_t>(from.corrections));
}

void Fill(const BookedResultCell& from, v1::BookedResult& to) {
  to.set_model(from.row.model);
  to.set_family(from.row.family);
  to.set_benchmark(from.row.benchmark);
  to.set_version(from.row.version);
  to.set_date_unix_seconds(from.row.date_unix_seconds);
  to.set_measured_by(from.row.source);
  if (from.row.score) to.set_score(*from.row.score);
  to.set_corrections(static_cast<uint64_t>(from.corrections));
}

// Whole days, as many as fit into a message, and at least one.
template <class Cell, class Message>
void FillWholeDays(const std::vector<Cell>& cells, google::protobuf::RepeatedPtrField<Message>* out,
                   v1::BookedOutcomes* response) {
  size_t bytes = 0;
  size_t of_whole_days = 0;  // cells of the days before the one that is being filled
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0 && cells[i].day != cells[i - 1].day) of_whole_days = i;
    Fill(cells[i], *out->Add());
    bytes += out->Get(static_cast<int>(i)).ByteSizeLong() + 4;
    if (bytes <= kMostBookedBytes || of_whole_days == 0) continue;
    response->set_to_unix_seconds(cells[of_whole_days].day);
    out->DeleteSubrange(static_cast<int>(of_whole_days),
                        out->size() - static_cast<int>(of_whole_days));
    return;
  }
}

absl::Status FillCells(Database& ledger, OutcomeKind kind, const std::string& source, DaySpan days,
                       v1::BookedOutcomes* response) {
  if (kind == OutcomeKind::kInference) {
    const auto cells = ReadBookedInference(ledger, source, days);
    if (!cells.ok()) return cells.status();
    FillWholeDays(*cells, response->mutable_inference(), response);
  } else if (kind == OutcomeKind::kTraining) {
    const auto cells = ReadBookedTraining(ledger, source, days);
    if (!cells.ok()) return cells.status();
    FillWholeDays(*cells, response->mutable_training(), response);
  } else {
    const auto cells = ReadBookedResults(ledger, days);
    if (!cells.ok()) return cells.status();
    for (const BookedResultCell& cell : *cells) Fill(cell, *response->add_results());
  }
  return absl::OkStatus();
}

void Fill(const CorrectionEntry& from, v1::BookedCorrection& to) {
  to.set_kind(std::string(Name(from.kind)));
  to.set_source(from.source);
  to.set_id(from.note.id);
  to.set_reason(from.note.reason);
  to.set_identity(from.identity);
  to.set_booked_unix_nanos(from.booked_unix_nanos);
  to.set_window_start_unix_nanos(from.window_start_unix_nanos);
  to.set_window_length_nanos(from.window_length_nanos);
  to.set_requests(from.inference.requests);
  to.set_unpriced_requests(from.inference.unpriced_requests);
  to.set_input_tokens(from.inference.input_tokens);
  to.set_cached_input_tokens(from.inference.cached_input_tokens);
  to.set_output_tokens(from.inference.output_tokens);
  to.set_revenue_micro_usd(from.inference.revenue_micro_usd);
  to.set_h100e_seconds(from.h100e_seconds);
  to.set_results(static_cast<uint64_t>(from.results));
  for (const CorrectedScore& score : from.scores) {
    v1::CorrectedScore& out = *to.add_scores();
    out.set_model(score.after.model);
    out.set_benchmark(score.after.benchmark);
    out.set_version(score.after.version);
    out.set_date_unix_seconds(score.after.date_unix_seconds);
    out.set_measured_by(score.after.source);
    if (score.before) out.set_before(*score.before);
    if (score.after.score) out.set_after(*score.after.score);
  }
}

}  // namespace

absl::Status AnswerBooked(Database& ledger, const v1::GetBookedRequest& request,
                          v1::BookedOutcomes* response) {
  const auto kind = KindOf(request.kind());
  if (!kind.ok()) return kind.status();
  const auto days = DaysOf(request);
  if (!days.ok()) return days.status();
  const auto counted = ReadCountedTime(ledger, *kind, request.source());
  if (!counted.ok()) return counted.status();
  FillTime(*counted, response);
  response->set_to_unix_seconds(days->to_day);
  return FillCells(ledger, *kind, request.source(), *days, response);
}

absl::Status AnswerPrices(const OutcomeMoment& now, const v1::GetPricesRequest& request,
                          v1::Prices* response) {
  if (request.rows_size() > kMostPrices) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows; expected at most {}", request.rows_size(), kMostPrices));
  }
  const outcomes::Rules& rules = now.reference->outcomes;
  response->set_price_book_version(rules.prices.version());
  for (const v1::PriceQuestion& row : request.rows()) {
    const auto revenue = rules.prices.RevenueMicroUsd(
        row.model(), row.customer_tier(), rules.day_zone.Local(row.unix_seconds()),
        {.input = row.input_tokens() - row.cached_input_tokens(),
         .cached_input = row.cached_input_tokens(),
         .output = row.output_tokens()});
    if (!revenue.ok()) return revenue.status();
    v1::Price& price = *response->add_rows();
    if (*revenue) price.set_revenue_micro_usd(**revenue);
  }
  return absl::OkStatus();
}

absl::Status AnswerCorrections(Database& ledger, const OutcomeMoment& now,
                               const v1::GetCorrectionsRequest& request,
                               v1::Corrections* response) {
  CorrectionQuestion question{.from_unix_nanos = request.from_unix_nanos(),
                              .kind = std::nullopt,
                              .source = request.source(),
                              .limit = request.limit() == 0
                                           ? kUsualCorrections
                                           : std::min<int64_t>(request.limit(), kMostCorrections)};
  if (request.to_unix_nanos() != 0) question.to_unix_nanos = request.to_unix_nanos();
  if (!request.kind().empty()) {
    const auto kind = KindOf(request.kind());
    if (!kind.ok()) return kind.status();
    question.kind = *kind;
  }
  const auto list = ReadCorrectionEntries(ledger, question);
  if (!list.ok()) return list.status();
  for (const CorrectionEntry& entry : list->entries) Fill(entry, *response->add_corrections());
  response->set_left_out(static_cast<uint64_t>(list->left_out));
  response->set_time_zone(now.reference->outcomes.day_zone.name());
  return absl::OkStatus();
}

}  // namespace fleetmeter
