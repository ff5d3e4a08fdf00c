// The daemon's own metrics, on prometheus-cpp. Thread-safe, as its counters are.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/accounting/daemon_probe.h"
#include "daemon/serve/metrics/access_metrics.h"
#include "daemon/serve/metrics/daemon_figures.h"
#include "daemon/serve/metrics/ledger_metrics.h"
#include "daemon/serve/metrics/otlp_metrics.h"

namespace fleetmeter {

extern const MetricGroup<DaemonFigures> kIngestMetrics;
extern const MetricGroup<DaemonFigures> kDaemonMetrics;

class DaemonMetrics final : public DaemonProbe {
 public:
  DaemonMetrics();
  ~DaemonMetrics() override;

  void ReportAccepted(double lag_seconds) override;
  void HistoryAccepted() override;
  void CountersRestored(const std::map<std::string, uint64_t>& by_result,
                        const std::map<std::string, uint64_t>& rejected_by_reason) override;
  void ReportDuplicate() override;
  void ClockSkew(double seconds) override;
  void ClockStepped(double ahead_seconds) override;
  void ReportConflict() override;
  void SessionFenced() override;
  void ReportOutOfSequence() override;
  void ReportRejected(RejectReason reason) override;
  void ReportDeferred(RejectReason reason) override;
  void ReadingsOdd(int64_t clamped, int64_t unmeasured) override;
  void GapsClosed(int64_t gaps, double seconds) override;
  void SignalsOverflowed() override;
  void ReportsHeldBack(std::string_view limit, size_t reports) override;
  void CallOverShare(std::string_view call) override;
  void StreamOpened() override;
  void StreamClosed() override;
  void CommitDone(double seconds, bool ok) override;
  void ReloadDone(bool ok, int64_t unix_nanos) override;
  void Rendered(double seconds) override;

  AccessProbe& access() { return access_; }
  LedgerProbe& ledger() { return ledger_; }
  OtlpProbe& otlp() { return otlp_; }

  // `listener`: "ingest", "query" or "admin".
  void ConnectionRefused(std::string_view listener);
  // Of the HTTP listener.
  void HttpConnectionEvicted();
  void HttpHostRefused();

  // All that was counted, for DaemonFigures.
  std::vector<prometheus::MetricFamily> Collect() const;

 private:
  std::unique_ptr<prometheus::Registry> registry_;
  AccessMetrics access_{*registry_};
  LedgerMetrics ledger_{*registry_};
  OtlpMetrics otlp_{*registry_};
  prometheus::Counter& accepted_;
  prometheus::Counter& duplicate_;
  prometheus::Counter& conflict_;
  prometheus::Counter& out_of_sequence_;
  prometheus::Counter& rejected_;
  prometheus::Counter& deferred_;
  prometheus::Counter& busy_;
  prometheus::Counter& odd_clamped_;
  prometheus::Counter& odd_unmeasured_;
  prometheus::Counter& overflowed_;
  prometheus::Counter& closed_gaps_;
  prometheus::Counter& closed_gap_seconds_;
  std::array<prometheus::Counter*, kRejectReasons.size()> rejected_by_reason_{};
  std::array<prometheus::Counter*, kRejectReasons.size()> deferred_by_reason_{};  // some: null
  prometheus::Gauge& streams_;
  prometheus::Counter& fenced_;
  prometheus::Histogram& skew_;
  prometheus::Counter& clock_steps_;
  prometheus::Gauge& clock_ahead_;
  prometheus::Histogram& lag_;
  prometheus::Histogram& commit_;
  prometheus::Counter& commit_failures_;
  prometheus::Counter& reloads_ok_;
  prometheus::Counter& reloads_failed_;
  prometheus::Gauge& reload_successful_;
  prometheus::Gauge& reload_time_;
  prometheus::Histogram& render_;
  prometheus::Counter& evicted_http_;
  prometheus::Counter& refused_hosts_;
  std::map<std::string, prometheus::Counter*, std::less<>> refused_connections_;
  std::map<std::string, prometheus::Counter*, std::less<>> over_share_;
  std::map<std::string, prometheus::Counter*, std::less<>> held_back_;
};

}  // namespace fleetmeter
