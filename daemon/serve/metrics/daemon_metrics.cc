#include "daemon/serve/metrics/daemon_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

constexpr char kReports[] = "fleetmeter_ingest_reports_total";
constexpr char kReloads[] = "fleetmeter_config_reloads_total";
const prometheus::Histogram::BucketBoundaries kLagBounds = {1,  2,   5,   10,   15,    30,
                                                            60, 120, 300, 3600, 86'400};
const prometheus::Histogram::BucketBoundaries kWorkBounds = {0.0001, 0.0005, 0.001, 0.005, 0.02,
                                                             0.05,   0.1,    0.5,   1,     5};

prometheus::Counter& Counter(prometheus::Registry& registry, const std::string& name,
                             const std::string& help, const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge& Gauge(prometheus::Registry& registry, const std::string& name,
                         const std::string& help, const prometheus::Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Histogram& Histogram(prometheus::Registry& registry, const std::string& name,
                                 const std::string& help,
                                 const prometheus::Histogram::BucketBoundaries& bounds) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
}

prometheus::Counter& Reloads(prometheus::Registry& registry, const std::string& result) {
  return Counter(registry, kReloads, "Reloads of configuration, catalog and plans: ok, failed.",
                 {{"result", result}});
}

}  // namespace

prometheus::Counter& DaemonMetrics::ReportCounter(const std::string& result) {
  return Counter(*registry_, kReports,
                 "Reports by result: accepted, duplicate, conflict, rejected, out_of_sequence, "
                 "busy.",
                 {{"result", result}});
}

DaemonMetrics::DaemonMetrics(const std::string& version)
    : registry_(std::make_unique<prometheus::Registry>()),
      accepted_(ReportCounter("accepted")),
      duplicate_(ReportCounter("duplicate")),
      conflict_(ReportCounter("conflict")),
      out_of_sequence_(ReportCounter("out_of_sequence")),
      rejected_(ReportCounter("rejected")),
      busy_(ReportCounter("busy")),
      streams_(Gauge(*registry_, "fleetmeter_ingest_streams", "Open ingest streams.")),
      fenced_(Counter(*registry_, "fleetmeter_ingest_fenced_sessions_total",
                      "Sessions that went on after a later one had opened their stream: two "
                      "processes on one spool, or a cloned host.")),
      skew_(Histogram(*registry_, "fleetmeter_ingest_clock_skew_seconds",
                      "By how much the wall clocks of sender and daemon differed, a batch; the way "
                      "it took included.",
                      {0.01, 0.1, 1, 5, 60, 3'600, 86'400})),
      clock_steps_(Counter(*registry_, "fleetmeter_clock_steps_total",
                           "How often the daemon's wall clock was set while it ran.")),
      clock_ahead_(Gauge(*registry_, "fleetmeter_clock_ahead_seconds",
                         "How far the wall clock was ahead of what had passed, when it was last "
                         "set; 0 if it never was.")),
      queue_(
          Gauge(*registry_, "fleetmeter_ingest_queue_reports", "Reports waiting for the writer.")),
      queue_limit_(Gauge(*registry_, "fleetmeter_ingest_queue_limit_reports",
                         "Most reports that may wait.")),
      lag_(Histogram(*registry_, "fleetmeter_ingest_lag_seconds",
                     "From the end of a window to its commit, by the two wall clocks.",
                     kLagBounds)),
      commit_(Histogram(*registry_, "fleetmeter_ledger_commit_seconds", "Duration of a commit.",
                        kWorkBounds)),
      commit_failures_(Counter(*registry_, "fleetmeter_ledger_commit_failures_total",
                               "Commits that failed; nothing of them was counted or "
                               "acknowledged.")),
      ledger_writable_(Gauge(*registry_, "fleetmeter_ledger_writable",
                             "1 while the ledger takes commits; 0: ingest is refused, what is "
                             "shown is what was committed.")),
      reloads_ok_(Reloads(*registry_, "ok")),
      reloads_failed_(Reloads(*registry_, "failed")),
      reload_successful_(Gauge(*registry_, "fleetmeter_config_last_reload_successful",
                               "1 if the last reload took, 0 if it was refused and the old "
                               "configuration kept.")),
      reload_time_(Gauge(*registry_, "fleetmeter_config_last_reload_success_timestamp_seconds",
                         "When the configuration in force was loaded.")),
      render_(Histogram(*registry_, "fleetmeter_exposition_render_seconds",
                        "Time to render a scrape.", kWorkBounds)),
      watchdog_(Gauge(*registry_, "fleetmeter_watchdog_healthy",
                      "1 while the daemon can reach its own listeners and the writer makes "
                      "progress, else 0.")) {
  for (const std::string listener : {"ingest", "query", "admin"}) {
    refused_connections_[listener] =
        &Counter(*registry_, "fleetmeter_connections_refused_total",
                 "Connections closed at once, since as many were open as file descriptors allow.",
                 {{"listener", listener}});
  }
  for (const RejectReason reason : kRejectReasons) {
    rejected_by_reason_[IndexOf(reason)] =
        &Counter(*registry_, "fleetmeter_ingest_rejected_reports_total",
                 "Rejected reports by reason.", {{"reason", std::string(Name(reason))}});
  }
  Gauge(*registry_, "fleetmeter_build_info", "1.",
        {{"version", version}, {"compiler", __VERSION__}})
      .Set(1);
}

DaemonMetrics::~DaemonMetrics() = default;

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

void DaemonMetrics::ReportsBusy(size_t reports) { busy_.Increment(static_cast<double>(reports)); }

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

void DaemonMetrics::SetQueue(size_t reports, size_t limit) {
  queue_.Set(static_cast<double>(reports));
  queue_limit_.Set(static_cast<double>(limit));
}

void DaemonMetrics::SetLedgerWritable(bool writable) { ledger_writable_.Set(writable ? 1 : 0); }

void DaemonMetrics::SetWatchdog(bool healthy) { watchdog_.Set(healthy ? 1 : 0); }

void DaemonMetrics::ConnectionRefused(std::string_view listener) {
  refused_connections_.find(listener)->second->Increment();
}

std::string DaemonMetrics::Serialize() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace fleetmeter
