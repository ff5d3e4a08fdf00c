#include "daemon/accounting/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/accounting/unknown_name.h"
#include "daemon/base/clock.h"
#include "daemon/base/timestamp.h"

namespace fleetmeter {
namespace {

// The monotonic clock may disagree with a wall clock that is being set, but reports that claim more
// time than passed would be counted as time that never was.
std::optional<Rejection> CheckDuration(const UsageReport& report, const AdmissionContext& context) {
  const int64_t length = report.window_length_nanos;
  const int64_t most = context.durations.LongestFor(length);
  if (report.duration_nanos > 0 && SenderDuration(report, context.replay_speed) <= most) {
    return std::nullopt;
  }
  return Rejection{
      RejectReason::kBadWindow, "duration_nanos",
      fmt::format("duration is {} s in a window of {} s; expected more than 0 and at most {} s: "
                  "over time the durations of a source are at most 11/10 of its windows",
                  ToSeconds(report.duration_nanos), ToSeconds(length),
                  ToSeconds(most) * std::max(1.0, context.replay_speed))};
}

std::optional<Rejection> CheckLength(const UsageReport& report, const AdmissionContext& context) {
  const int64_t length = report.window_length_nanos;
  const int64_t longest = context.history ? std::max(kDay, context.limits.max_length_nanos)
                                          : context.limits.max_length_nanos;
  if (length <= 0 || length > longest) {
    return Rejection{RejectReason::kBadWindow, "window_length_nanos",
                     fmt::format("window is {} s long; expected more than 0 and at most {} s",
                                 ToSeconds(length), ToSeconds(longest))};
  }
  return CheckDuration(report, context);
}

std::optional<Rejection> CheckPosition(const UsageReport& report, const AdmissionContext& context) {
  const int64_t ahead = report.WindowEnd() - context.now.latest;
  if (ahead > context.limits.future_tolerance_nanos) {
    return Rejection{
        RejectReason::kWindowInFuture, "window_start_unix_nanos",
        fmt::format("window ends at {}, {} s ahead of the daemon's clock; expected at most {} s",
                    UtcText(report.WindowEnd()), ToSeconds(ahead),
                    ToSeconds(context.limits.future_tolerance_nanos)),
        "the clocks of this sender and the daemon"};
  }
  const int64_t oldest =
      std::max(context.limits.max_lateness_nanos, context.limits.adjust_up_to_nanos);
  const int64_t age = context.now.earliest - report.WindowEnd();
  if (age > oldest && !context.history) {
    return Rejection{RejectReason::kWindowTooOld, "window_start_unix_nanos",
                     fmt::format("window ended at {}, {} s ago; expected at most {} s",
                                 UtcText(report.WindowEnd()), ToSeconds(age), ToSeconds(oldest))};
  }
  // It would pass for a sign of life.
  if (context.history && context.reports_live && context.windows != nullptr &&
      report.WindowEnd() > context.windows->counted().end_unix_nanos) {
    return Rejection{
        RejectReason::kBadWindow, "window_start_unix_nanos",
        fmt::format(
            "source '{}' also reports live, and this history of it ends at {}; expected at most "
            "{}, the end of its latest live report, or another source",
            report.source, UtcText(report.WindowEnd()),
            UtcText(context.windows->counted().end_unix_nanos))};
  }
  const TimeSpan window{report.window_start_unix_nanos, report.WindowEnd()};
  if (context.windows != nullptr && context.windows->Overlaps(window)) {
    const TimeSpan& counted = context.windows->counted();
    return Rejection{
        RejectReason::kWindowOverlap, "window_start_unix_nanos",
        fmt::format("window {} to {} overlaps time that was counted for source '{}' before; "
                    "expected {} or later, before {}, or a gap",
                    UtcText(window.start_unix_nanos), UtcText(window.end_unix_nanos), report.source,
                    UtcText(counted.end_unix_nanos), UtcText(counted.start_unix_nanos))};
  }
  return std::nullopt;
}

// A gap is closed when there are too many. It must not be one that a deferred report may fill.
std::optional<Rejection> CheckGaps(const UsageReport& report, const AdmissionContext& context) {
  if (context.keep_open_from_unix_nanos == 0 || context.windows == nullptr) return std::nullopt;
  const auto closed =
      context.windows->ClosedBy({report.window_start_unix_nanos, report.WindowEnd()});
  if (!closed || closed->end_unix_nanos <= context.keep_open_from_unix_nanos) return std::nullopt;
  return Rejection{
      RejectReason::kTooManyGaps, "window_start_unix_nanos",
      fmt::format("source '{}' has {} gaps in what was counted of it; expected fewer before one "
                  "more, since the sender keeps deferred reports from {} on",
                  report.source, context.windows->gaps().size(),
                  UtcText(context.keep_open_from_unix_nanos)),
      fmt::format("gaps of source '{}'", report.source)};
}

std::optional<Rejection> CheckDemandNames(const UsageReport& report, const Plan& plan) {
  for (size_t d = 0; d < report.demand.size(); ++d) {
    const std::vector<WaitingWork>& waiting = report.demand[d].waiting;
    for (size_t w = 0; w < waiting.size(); ++w) {
      const std::string field = fmt::format("demand[{}].waiting[{}]", d, w);
      if (auto rejection = CheckNames(waiting[w], field, plan)) return rejection;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> CheckAdmission(const UsageReport& report,
                                        const AdmissionContext& context) {
  if (auto rejection = CheckLength(report, context)) return rejection;
  if (auto rejection = CheckPosition(report, context)) return rejection;
  const Plan& plan = context.reference.PlanAt(report.window_start_unix_nanos);
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const std::string field = fmt::format("groups[{}]", i);
    if (auto rejection = CheckNames(report.groups[i], field, context.reference, plan)) {
      return rejection;
    }
  }
  if (auto rejection = CheckDemandNames(report, plan)) return rejection;
  return CheckGaps(report, context);
}

int64_t SenderDuration(const UsageReport& report, double replay_speed) {
  if (replay_speed <= 1) return report.duration_nanos;
  return std::llround(static_cast<double>(report.duration_nanos) / replay_speed);
}

bool IsAdjustment(const UsageReport& report, const AdmissionContext& context) {
  return context.now.earliest - report.WindowEnd() > context.limits.max_lateness_nanos;
}

}  // namespace fleetmeter
