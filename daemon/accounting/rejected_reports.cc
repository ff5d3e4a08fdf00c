#include "daemon/accounting/rejected_reports.h"

namespace fleetmeter {

void RejectedReports::Add(const RejectedEntry& entry) {
  by_stream_[entry.stream].push_back(
      {entry.sequence, ReportDisposition::Code::kRejected, entry.rejection});
  order_.push_back(entry.stream);
  if (order_.size() > kMost) ForgetOldest();
}

void RejectedReports::ForgetOldest() {
  const auto oldest = by_stream_.find(order_.front());
  oldest->second.pop_front();
  if (oldest->second.empty()) by_stream_.erase(oldest);
  order_.pop_front();
}

std::vector<ReportDisposition> RejectedReports::Of(const StreamKey& stream) const {
  const auto found = by_stream_.find(stream);
  if (found == by_stream_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace fleetmeter
