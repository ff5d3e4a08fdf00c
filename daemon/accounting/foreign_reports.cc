#include "daemon/accounting/foreign_reports.h"

namespace fleetmeter {

void ForeignReportsBySource::Add(const std::string& source, const std::string& identity,
                                 int64_t now_unix_nanos) {
  if (by_source_.size() >= kMost && !by_source_.contains(source)) return;
  ForeignReports& foreign = by_source_[source];
  foreign.identity = identity;
  ++foreign.reports;
  foreign.latest_unix_nanos = now_unix_nanos;
}

std::optional<ForeignReports> ForeignReportsBySource::Of(const std::string& source) const {
  const auto found = by_source_.find(source);
  if (found == by_source_.end()) return std::nullopt;
  return found->second;
}

}  // namespace fleetmeter
