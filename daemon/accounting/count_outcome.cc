#include "daemon/accounting/count_outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "daemon/accounting/outcome_shares.h"
#include "daemon/accounting/price_inference.h"
#include "daemon/base/text.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter {
namespace {

using MaybeRejection = std::optional<Rejection>;

struct NamedAmount {
  int64_t value;
  const char* name;
};

std::array<NamedAmount, 5> Counts(const InferenceAmounts& a) {
  return {{{a.requests, "requests"},
           {a.unpriced_requests, "unpriced_requests"},
           {a.input_tokens, "input_tokens"},
           {a.cached_input_tokens, "cached_input_tokens"},
           {a.output_tokens, "output_tokens"}}};
}

// `before`: with what this report has added so far.
MaybeRejection CheckTotal(const SegmentTotal& before, const InferenceAmounts& more,
                          const std::string& field) {
  const InferenceAmounts all = Sum(Sum(before.reported, before.corrected), more);
  for (const NamedAmount& count : Counts(all)) {
    if (count.value >= 0) continue;
    return Rejection{
        RejectReason::kNothingToCorrect, fmt::format("{}.{}", field, count.name),
        fmt::format("{} of model '{}', customer tier '{}' would be {} in all; expected 0 or more",
                    count.name, before.model, before.customer_tier, count.value)};
  }
  if (all.unpriced_requests <= all.requests && all.cached_input_tokens <= all.input_tokens) {
    return std::nullopt;
  }
  return Rejection{RejectReason::kNothingToCorrect, field,
                   fmt::format("of model '{}', customer tier '{}', {} of {} requests would be "
                               "unpriced and {} of {} input tokens cached; expected at most all",
                               before.model, before.customer_tier, all.unpriced_requests,
                               all.requests, all.cached_input_tokens, all.input_tokens)};
}

// How much more of something a message can name.
std::string RoomText(absl::int128 room) {
  return fmt::format("{}", static_cast<int64_t>(std::clamp<absl::int128>(room, 0, INT64_MAX)));
}

// That all the books' amounts together stay far within 64 bits, so that every sum of some of them
// does, and that no sender takes the room of others. `field` names the row.
MaybeRejection CheckRoom(const OutcomeRoom& room, const OutcomeChange& change,
                         const std::string& field, const std::string& sender) {
  const size_t beyond = room.FirstBeyond(change);
  if (beyond == kOutcomeAmounts.size()) return std::nullopt;
  const bool adds = change.added[beyond] > room.added[beyond];
  return Rejection{
      RejectReason::kBadAmount, fmt::format("{}.{}", field, kOutcomeAmounts[beyond]),
      fmt::format("the report {} too many {}; expected at most {} of {}, which is half of what the "
                  "books can still hold",
                  adds ? "adds" : "takes away", kOutcomeAmounts[beyond],
                  RoomText(adds ? room.added[beyond] : room.revenue_taken), Quoted(sender))};
}

// The rows of one report, one after the other: several may be booked as one segment.
class InferenceRows {
 public:
  // `days`: of the report's window.
  InferenceRows(const OutcomeReport& report, std::vector<HourSlice> days,
                const OutcomeContext& context)
      : report_(report),
        days_(std::move(days)),
        context_(context),
        room_(context.books.shares().RoomFor(context.sender, report.kind, report.source)) {}

  // `field` names the row in a rejection.
  MaybeRejection Count(const InferenceRow& row, const std::string& field, OutcomeEntry* entry) {
    if (auto bad = CheckOutcomePool(row.pool, field + ".pool", report_, context_)) return bad;
    const outcomes::Segment segment = SegmentFor(row);
    BookedInference booked{.model = segment.model,
                           .customer_tier = segment.customer_tier,
                           .pool = row.pool,
                           .workload = row.workload,
                           .amounts = {}};
    const int64_t rest = RestOf(segment);
    const outcomes::Rules& rules = context_.reference.outcomes;
    if (auto bad = PriceInference(row, report_, days_, rules, rest, field, &booked)) return bad;
    for (const InferenceAmounts& part : PartsOf(booked)) change_.Count(part);
    if (auto bad = CheckRoom(room_, change_, field, context_.sender)) return bad;
    if (auto bad = AddToTotal(segment, booked.amounts, field)) return bad;
    if (booked.price_rest) totals_[segment].price_rest = *booked.price_rest;
    entry->inference.push_back(std::move(booked));
    return std::nullopt;
  }

 private:
  int64_t RestOf(const outcomes::Segment& segment) const {
    const auto found = totals_.find(segment);
    return found == totals_.end() ? context_.books.TotalOf(segment).price_rest
                                  : found->second.price_rest;
  }

  outcomes::Segment SegmentFor(const InferenceRow& row) const {
    const auto most = static_cast<size_t>(context_.reference.outcomes.segments);
    return context_.books.BookedAs({row.model, row.customer_tier}, most, totals_, new_segments_);
  }

  MaybeRejection AddToTotal(const outcomes::Segment& segment, const InferenceAmounts& amounts,
                            const std::string& field) {
    const auto [it, is_new] = totals_.try_emplace(segment);
    SegmentTotal& total = it->second;
    if (is_new) {
      total = context_.books.TotalOf(segment);
      if (!context_.books.Knows(segment)) ++new_segments_;
    }
    if (auto bad = CheckTotal(total, amounts, field)) return bad;
    const InferenceSides sides = SidesOf(amounts, report_.correction.has_value());
    total.reported = Sum(total.reported, sides.reported);
    total.corrected = Sum(total.corrected, sides.corrected);
    return std::nullopt;
  }

  const OutcomeReport& report_;
  const std::vector<HourSlice> days_;
  const OutcomeContext& context_;
  const OutcomeRoom room_;
  OutcomeChange change_;                  // by the rows so far
  OutcomeState::TotalsBySegment totals_;  // of the rows' segments, with the rows so far
  size_t new_segments_ = 0;               // of totals_: not in the books yet
};

MaybeRejection CountInference(const OutcomeReport& report, const OutcomeContext& context,
                              OutcomeEntry* entry) {
  auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos,
                         context.reference.outcomes.day_zone);
  if (!days.ok()) {
    return Rejection{RejectReason::kBadWindow, "window_length_nanos",
                     std::string(days.status().message())};
  }
  InferenceRows rows(report, *std::move(days), context);
  for (size_t i = 0; i < report.inference.size(); ++i) {
    const std::string field = fmt::format("inference.rows[{}]", i);
    if (auto bad = rows.Count(report.inference[i], field, entry)) return bad;
  }
  return std::nullopt;
}

MaybeRejection CheckTraining(const TrainingRow& row, const OutcomeState& books) {
  const std::string field = "training.h100e_seconds";
  const int64_t after = books.TrainingSeconds({row.model, row.run, row.phase}) + row.h100e_seconds;
  if (after < 0) {
    return Rejection{
        RejectReason::kNothingToCorrect, field,
        fmt::format("run '{}' of model '{}' would have {} H100e-seconds in all; expected 0 or more",
                    row.run, row.model, after)};
  }
  return std::nullopt;
}

MaybeRejection CountTraining(const OutcomeReport& report, const OutcomeContext& context,
                             OutcomeEntry* entry) {
  const OutcomeRoom room =
      context.books.shares().RoomFor(context.sender, report.kind, report.source);
  OutcomeChange change;
  for (const TrainingRow& row : report.training) {
    if (auto bad = CheckOutcomePool(row.pool, "training.pool", report, context)) return bad;
    if (auto bad = CheckTraining(row, context.books)) return bad;
    change.Count(kTrainingAmount, row.h100e_seconds);
    if (auto bad = CheckRoom(room, change, "training", context.sender)) return bad;
  }
  entry->training = report.training;
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> CountOutcome(const OutcomeReport& report, const OutcomeContext& context,
                                      OutcomeEntry* entry) {
  if (auto bad = CheckOutcomeAdmission(report, context)) return bad;
  entry->kind = report.kind;
  entry->source = report.source;
  entry->window_start_unix_nanos = report.window_start_unix_nanos;
  entry->window_length_nanos = report.window_length_nanos;
  entry->correction = report.correction;
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  if (windows != nullptr) entry->windows = *windows;
  if (!report.correction && report.kind != OutcomeKind::kBenchmarks) {
    entry->closed_gaps = entry->windows.Add({report.window_start_unix_nanos, report.WindowEnd()});
  }
  switch (report.kind) {
    case OutcomeKind::kInference:
      return CountInference(report, context, entry);
    case OutcomeKind::kTraining:
      return CountTraining(report, context, entry);
    case OutcomeKind::kBenchmarks:
      entry->benchmarks = report.benchmarks;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace fleetmeter
