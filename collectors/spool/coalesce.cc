#include "collectors/spool/coalesce.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "collectors/core/outbox.h"
#include "collectors/spool/usage_sums.h"

namespace fleetmeter::collector {
namespace {

// One report to be, and what has been added to it.
struct Slot {
  StoredReport original;
  std::optional<ReportSums> sums;
  bool merged = false;
};

}  // namespace

Coalesced Coalesce(std::vector<StoredReport> reports, double speed) {
  Coalesced result;
  std::vector<Slot> slots;
  std::map<std::string, size_t> latest;  // slot by source
  for (StoredReport& stored : reports) {
    v1::UsageReport report;
    const bool parsed = report.ParsePartialFromString(stored.bytes);
    Slot slot{std::move(stored), parsed ? SumsOf(report, speed) : std::nullopt};
    const auto [at, fresh] = latest.try_emplace(report.source(), slots.size());
    if (!fresh && slot.sums) {
      Slot& before = slots[at->second];
      if (before.sums && AddSums(*slot.sums, *before.sums, speed)) {
        before.merged = true;
        before.original.window_end_unix_nanos = slot.original.window_end_unix_nanos;
        ++result.added_up;
        continue;
      }
    }
    at->second = slots.size();
    slots.push_back(std::move(slot));
  }
  for (Slot& slot : slots) {
    if (slot.merged) slot.original.bytes = BytesOf(ToReport(*slot.sums));
    result.reports.push_back(std::move(slot.original));
  }
  return result;
}

}  // namespace fleetmeter::collector
