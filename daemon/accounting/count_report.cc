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
  const Catalog& catalog = context.model.catalog;
  for (const UsageGroup& group : entry.report.groups) {
    const ChipKind& kind = *catalog.Find(group.chip);  // admission saw to it
    entry.conversions.push_back(
        {kind.name, kind.ConversionAt(start).For(group.workload_type), catalog.version()});
  }
  const Plan& plan = context.model.PlanAt(start);
  entry.plan = plan.name;
  entry.plan_version = plan.version;
  entry.adjustment = IsAdjustment(entry.report, context);
  if (context.windows != nullptr) entry.windows = *context.windows;
  entry.windows.Add({start, entry.report.WindowEnd()});
  entry.latest = entry.windows.counted().end_unix_nanos == entry.report.WindowEnd();
  return entry;
}

}  // namespace fleetmeter
