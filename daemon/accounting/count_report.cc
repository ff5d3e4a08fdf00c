#include "daemon/accounting/count_report.h"

#include <utility>

namespace fleetmeter {

LedgerEntry CountReport(StreamKey stream, SequencedReport report, const AdmissionContext& context) {
  LedgerEntry entry;
  entry.stream = std::move(stream);
  entry.sequence = report.sequence;
  entry.digest = report.digest;
  entry.report = std::move(report.report);
  const int64_t start = entry.report.window_start_unix_nanos;
  const Catalog& catalog = context.reference.catalog;
  const Plan& plan = context.reference.PlanAt(start);
  for (const UsageGroup& group : entry.report.groups) {
    const ChipKind& kind = *catalog.Find(group.chip);  // admission saw to it
    entry.conversions.push_back(
        {kind.name, kind.ConversionAt(start).For(group.workload_type), catalog.version()});
    const Pool* pool = group.pool.empty() ? nullptr : plan.FindPool(group.pool);
    entry.terms.push_back({.category = pool == nullptr ? "" : std::string(Name(pool->category)),
                           .micro_usd_per_chip_hour = kind.micro_usd_per_chip_hour});
  }
  entry.plan = plan.name;
  entry.plan_version = plan.version;
  entry.adjustment = IsAdjustment(entry.report, context);
  if (context.windows != nullptr) entry.windows = *context.windows;
  entry.closed_gaps = entry.windows.Add({start, entry.report.WindowEnd()});
  entry.durations = context.durations;
  entry.durations.Count(entry.report.window_length_nanos,
                        SenderDuration(entry.report, context.replay_speed));
  entry.history = context.history;
  // What was counted ahead of the present, by clocks that were wrong, is no later sign of life.
  const int64_t present = context.now.latest + context.limits.future_tolerance_nanos;
  entry.latest = !entry.history && entry.windows.CountedBefore(present) <= entry.report.WindowEnd();
  return entry;
}

}  // namespace fleetmeter
