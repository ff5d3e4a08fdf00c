// The part of administration.h that corrects usage.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/accounting/administration.h"
#include "daemon/accounting/count_report.h"
#include "daemon/accounting/source_admission.h"
#include "daemon/base/calendar.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"

namespace fleetmeter {
namespace {

// As for reports (transaction_draft.cc).
constexpr size_t kMostSignalsOfAll = 64;

AdminAnswer UsageRefused(absl::Status status) {
  AdminAnswer answer;
  answer.status = std::move(status);
  return answer;
}

// The same checks as of a report of history, but for what was counted of its time.
absl::StatusOr<HistoryWindow> BookAsReported(const UsageReport& report,
                                             const AdmissionContext& context,
                                             const LiveBooks& books) {
  if (report.window_start_unix_nanos < kFirstCorrectable) {
    return absl::FailedPreconditionError(
        fmt::format("the window that starts at {} cannot be corrected; expected a time after the "
                    "first quarter of 1970",
                    UtcText(report.window_start_unix_nanos)));
  }
  if (const auto rejection = CheckAdmission(report, context)) {
    return absl::FailedPreconditionError(fmt::format("the window that starts at {}: {}: {}",
                                                     UtcText(report.window_start_unix_nanos),
                                                     rejection->field, rejection->detail));
  }
  for (const UsageGroup& group : report.groups) {
    const auto& signals = books.fleet.signals();
    if (group.signal.empty() || signals.contains(group.signal)) continue;
    if (signals.size() < kMostSignalsOfAll) continue;
    return absl::FailedPreconditionError(
        fmt::format("signal {} would be one more than the {} that the books may have; expected one "
                    "of those",
                    Quoted(group.signal), kMostSignalsOfAll));
  }
  SequencedReport sequenced;
  sequenced.report = report;
  LedgerEntry entry = CountReport({}, std::move(sequenced), context);
  return HistoryWindow{.source = entry.report.source,
                       .start_unix_nanos = entry.report.window_start_unix_nanos,
                       .length_nanos = entry.report.window_length_nanos,
                       .groups = std::move(entry.report.groups),
                       .conversions = std::move(entry.conversions),
                       .terms = std::move(entry.terms),
                       .plan = std::move(entry.plan),
                       .plan_version = entry.plan_version};
}

// From the first day of what differs to the day after the last.
void FillDays(const std::vector<UsageChange>& changes, AdminEntry* entry) {
  for (const UsageChange& change : changes) {
    if (entry->to_day == 0) entry->from_day = change.day;
    entry->from_day = std::min(entry->from_day, change.day);
    entry->to_day = std::max(entry->to_day, change.day + kSecondsPerDay);
  }
}

}  // namespace

std::optional<TimeSpan> TimeOf(const UsageTold& told) {
  std::optional<TimeSpan> time = told.covers;
  for (const UsageReport& report : told.reports) {
    const TimeSpan span{report.window_start_unix_nanos, report.WindowEnd()};
    if (!time) time = span;
    time->start_unix_nanos = std::min(time->start_unix_nanos, span.start_unix_nanos);
    time->end_unix_nanos = std::max(time->end_unix_nanos, span.end_unix_nanos);
  }
  return time;
}

AdminAnswer PrepareCorrectUsage(const AdminOrder& order, UsageCorrectionContext context,
                                const LiveBooks& books) {
  const AdmissionContext admission{.reference = context.reference,
                                   .limits = context.limits,
                                   .now = context.now,
                                   .windows = nullptr,
                                   .history = true,
                                   .reports_live = false};
  const SourceAdmission sources(SourceLimits{});
  if (const auto foreign = sources.CheckOwner({.identity = order.identity, .claim = order.claim},
                                              order.told.source, books.fleet)) {
    return UsageRefused(absl::PermissionDeniedError(foreign->detail));
  }
  auto plan = PlanUsageCorrection(
      order.told,
      {.windows = std::move(context.windows), .counted = books.fleet.Windows(order.told.source)},
      [&](const UsageReport& report) { return BookAsReported(report, admission, books); });
  if (!plan.ok()) return UsageRefused(plan.status());
  if (order.agreed_digest != 0 && plan->digest != 0 && order.agreed_digest != plan->digest) {
    return UsageRefused(absl::FailedPreconditionError(
        "the books have changed since this was shown; expected to be asked again"));
  }
  if (plan->chip_nanos > 0 && plan->chip_nanos > books.usage.RoomFor(order.identity)) {
    return UsageRefused(absl::OutOfRangeError(
        "with it, the books would have more chip-time than they can hold; expected less"));
  }
  AdminAnswer answer;
  answer.nothing_to_do = plan->restated.empty();
  answer.digest = plan->digest;
  answer.standings = std::move(plan->standings);
  answer.entry.action = order.action;
  answer.entry.identity = order.identity;
  answer.entry.reason = order.reason;
  answer.entry.source = order.told.source;
  answer.entry.windows = plan->windows;
  answer.entry.chip_nanos = plan->chip_nanos;
  answer.entry.busy_chip_nanos = plan->busy_chip_nanos;
  answer.entry.restated = std::move(plan->restated);
  FillDays(plan->changes, &answer.entry);
  answer.usage_changes = std::move(plan->changes);
  return answer;
}

}  // namespace fleetmeter
