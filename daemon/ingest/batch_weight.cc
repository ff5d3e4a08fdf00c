#include "daemon/ingest/batch_weight.h"

#include <algorithm>

namespace fleetmeter {

size_t WeightOf(const UsageReports& reports, const OutcomeReports& outcomes, size_t bytes) {
  size_t groups = 0;
  for (const v1::UsageReport& report : reports) {
    groups += static_cast<size_t>(report.groups_size());
    for (const v1::Demand& demand : report.demand()) {
      groups += static_cast<size_t>(demand.waiting_size());
    }
  }
  return std::max({Count(reports, outcomes), groups / kGroupsOfAReport, bytes / kBytesOfAReport});
}

}  // namespace fleetmeter
