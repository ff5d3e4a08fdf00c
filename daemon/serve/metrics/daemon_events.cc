// What happens in the daemon, counted as it happens.
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include "daemon/base/clock.h"
#include "daemon/serve/metrics/daemon_metrics.h"

namespace fleetmeter {

void DaemonMetrics::ReportAccepted(double lag_seconds) {
  accepted_.Increment();
  lag_.Observe(lag_seconds);
}

void DaemonMetrics::HistoryAccepted() { accepted_.Increment(); }

void DaemonMetrics::ReportDuplicate() { duplicate_.Increment(); }

void DaemonMetrics::CountersRestored(const std::map<std::string, uint64_t>& by_result,
                                     const std::map<std::string, uint64_t>& rejected_by_reason) {
  const std::pair<const char*, prometheus::Counter*> results[] = {
      {"accepted", &accepted_}, {"duplicate", &duplicate_}, {"conflict", &conflict_}};
  for (const auto& [name, counter] : results) {
    const auto it = by_result.find(name);
    if (it != by_result.end()) counter->Increment(static_cast<double>(it->second));
  }
  for (const auto& [name, count] : rejected_by_reason) {
    rejected_.Increment(static_cast<double>(count));
    const auto reason = FindRejectReason(name);
    // A reason of another version is still part of the sum.
    if (!reason) continue;
    rejected_by_reason_[IndexOf(*reason)]->Increment(static_cast<double>(count));
  }
}

void DaemonMetrics::ClockSkew(double seconds) { skew_.Observe(seconds); }

void DaemonMetrics::ClockStepped(double ahead_seconds) {
  clock_steps_.Increment();
  clock_ahead_.Set(ahead_seconds);
}

void DaemonMetrics::ReportConflict() { conflict_.Increment(); }

void DaemonMetrics::SessionFenced() { fenced_.Increment(); }

void DaemonMetrics::ReportOutOfSequence() { out_of_sequence_.Increment(); }

void DaemonMetrics::ReportRejected(RejectReason reason) {
  rejected_.Increment();
  rejected_by_reason_[IndexOf(reason)]->Increment();
}

void DaemonMetrics::ReportDeferred(RejectReason reason) {
  deferred_.Increment();
  if (auto* counter = deferred_by_reason_[IndexOf(reason)]) counter->Increment();
}

void DaemonMetrics::ReadingsOdd(int64_t clamped, int64_t unmeasured) {
  odd_clamped_.Increment(static_cast<double>(clamped));
  odd_unmeasured_.Increment(static_cast<double>(unmeasured));
}

void DaemonMetrics::GapsClosed(int64_t gaps, double seconds) {
  closed_gaps_.Increment(static_cast<double>(gaps));
  closed_gap_seconds_.Increment(seconds);
}

void DaemonMetrics::SignalsOverflowed() { overflowed_.Increment(); }

void DaemonMetrics::ReportsHeldBack(std::string_view limit, size_t reports) {
  busy_.Increment(static_cast<double>(reports));
  held_back_.find(limit)->second->Increment(static_cast<double>(reports));
}

void DaemonMetrics::CallOverShare(std::string_view call) {
  over_share_.find(call)->second->Increment();
}

void DaemonMetrics::StreamOpened() { streams_.Increment(); }

void DaemonMetrics::StreamClosed() { streams_.Decrement(); }

void DaemonMetrics::CommitDone(double seconds, bool ok) {
  commit_.Observe(seconds);
  if (!ok) commit_failures_.Increment();
}

void DaemonMetrics::ReloadDone(bool ok, int64_t unix_nanos) {
  (ok ? reloads_ok_ : reloads_failed_).Increment();
  reload_successful_.Set(ok ? 1 : 0);
  if (ok) reload_time_.Set(static_cast<double>(unix_nanos) / kNanosPerSecond);
}

void DaemonMetrics::Rendered(double seconds) { render_.Observe(seconds); }

void DaemonMetrics::ConnectionRefused(std::string_view listener) {
  refused_connections_.find(listener)->second->Increment();
}

void DaemonMetrics::HttpConnectionEvicted() { evicted_http_.Increment(); }

void DaemonMetrics::HttpHostRefused() { refused_hosts_.Increment(); }

}  // namespace fleetmeter
