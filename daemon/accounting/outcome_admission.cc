#include "daemon/accounting/outcome_admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/accounting/unknown_name.h"
#include "daemon/base/clock.h"
#include "daemon/base/timestamp.h"

namespace fleetmeter {
namespace {

using MaybeRejection = std::optional<Rejection>;

constexpr char kClocks[] = "the clocks of this sender and the daemon";

MaybeRejection CheckFuture(const OutcomeReport& report, const OutcomeContext& context) {
  const int64_t ahead = report.WindowEnd() - context.now.latest;
  if (ahead > context.future_tolerance_nanos) {
    return Rejection{
        RejectReason::kWindowInFuture, "window_start_unix_nanos",
        fmt::format("window ends at {}, {} s ahead of the daemon's clock; expected at most {} s",
                    UtcText(report.WindowEnd()), ToSeconds(ahead),
                    ToSeconds(context.future_tolerance_nanos)),
        kClocks};
  }
  const int64_t latest = context.now.latest / kNanosPerSecond;
  for (size_t i = 0; i < report.benchmarks.size(); ++i) {
    if (report.benchmarks[i].date_unix_seconds <= latest) continue;
    return Rejection{
        RejectReason::kWindowInFuture, fmt::format("benchmarks.results[{}].date_unix_seconds", i),
        fmt::format("date is {}, and the daemon's clock says {}; expected today or before",
                    UtcText(report.benchmarks[i].date_unix_seconds * kNanosPerSecond),
                    UtcText(latest * kNanosPerSecond)),
        kClocks};
  }
  return std::nullopt;
}

MaybeRejection CheckCorrection(const OutcomeReport& report, const OutcomeContext& context) {
  const CorrectionNote& note = *report.correction;
  if (context.books.HasCorrection(report.kind, report.source, note.id)) {
    return Rejection{RejectReason::kAlreadyBooked, "correction.id",
                     fmt::format("correction '{}' of source '{}' is booked; expected an id that "
                                 "the source has not used",
                                 note.id, report.source)};
  }
  if (report.kind == OutcomeKind::kBenchmarks) return std::nullopt;  // asked result by result
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  const TimeSpan window{report.window_start_unix_nanos, report.WindowEnd()};
  if (windows != nullptr && windows->Covers(window)) return std::nullopt;
  return Rejection{
      RejectReason::kNothingToCorrect, "window_start_unix_nanos",
      fmt::format(
          "source '{}' has not reported all of the window {} to {}; expected a window within "
          "what it has reported",
          report.source, UtcText(window.start_unix_nanos), UtcText(window.end_unix_nanos))};
}

MaybeRejection CheckWindow(const OutcomeReport& report, const OutcomeContext& context) {
  const WindowSet* windows = context.books.Windows(report.kind, report.source);
  const TimeSpan window{report.window_start_unix_nanos, report.WindowEnd()};
  if (windows == nullptr || !windows->Overlaps(window)) return std::nullopt;
  return Rejection{
      RejectReason::kWindowOverlap, "window_start_unix_nanos",
      fmt::format("window {} to {} overlaps time that source '{}' has reported before, which is "
                  "from {} to {}; expected time before or after that, or in one of the latest {} "
                  "gaps in it, or a correction",
                  UtcText(window.start_unix_nanos), UtcText(window.end_unix_nanos), report.source,
                  UtcText(windows->counted().start_unix_nanos),
                  UtcText(windows->counted().end_unix_nanos), WindowSet::kMaxGaps)};
}

MaybeRejection CheckResults(const OutcomeReport& report, const OutcomeContext& context) {
  for (size_t i = 0; i < report.benchmarks.size(); ++i) {
    const BenchmarkRow& row = report.benchmarks[i];
    const bool known = context.books.HasResult(OutcomeState::KeyOf(row));
    if (known == report.correction.has_value()) continue;
    const std::string field = fmt::format("benchmarks.results[{}]", i);
    if (known) {
      return Rejection{RejectReason::kAlreadyBooked, field,
                       fmt::format("model '{}' has a result on benchmark '{}' of that version, "
                                   "date and source; expected a new one, or a correction",
                                   row.model, row.benchmark)};
    }
    return Rejection{RejectReason::kNothingToCorrect, field,
                     fmt::format("model '{}' has no result on benchmark '{}' of that version, date "
                                 "and source; expected one that is booked",
                                 row.model, row.benchmark)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> CheckOutcomeAdmission(const OutcomeReport& report,
                                               const OutcomeContext& context) {
  if (auto bad = CheckFuture(report, context)) return bad;
  if (report.correction) {
    if (auto bad = CheckCorrection(report, context)) return bad;
  }
  if (report.kind == OutcomeKind::kBenchmarks) return CheckResults(report, context);
  return report.correction ? std::nullopt : CheckWindow(report, context);
}

bool IsBooked(const OutcomeReport& report, const OutcomeState& books) {
  if (report.correction) {
    return books.HasCorrection(report.kind, report.source, report.correction->id);
  }
  if (report.kind == OutcomeKind::kBenchmarks) {
    return std::any_of(
        report.benchmarks.begin(), report.benchmarks.end(),
        [&](const BenchmarkRow& row) { return books.HasResult(OutcomeState::KeyOf(row)); });
  }
  const WindowSet* windows = books.Windows(report.kind, report.source);
  return windows != nullptr &&
         windows->Overlaps({report.window_start_unix_nanos, report.WindowEnd()});
}

std::optional<Rejection> CheckOutcomePool(const std::string& pool, const std::string& field,
                                          const OutcomeReport& report,
                                          const OutcomeContext& context) {
  if (pool.empty()) return std::nullopt;
  const Plan& plan = context.reference.PlanAt(report.window_start_unix_nanos);
  if (plan.FindPool(pool) != nullptr) return std::nullopt;
  return UnknownPool(pool, field, plan);
}

}  // namespace fleetmeter
