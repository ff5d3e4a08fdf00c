// The metrics of the ledger's file and its log. Thread-safe.
#pragma once

#include "daemon/ledger/ledger_probe.h"
#include "daemon/serve/metrics/daemon_figures.h"

namespace fleetmeter {

extern const MetricGroup<DaemonFigures> kLedgerFileMetrics;

class LedgerMetrics final : public LedgerProbe {
 public:
  // `registry` outlives the object.
  explicit LedgerMetrics(prometheus::Registry& registry);

  void FileInPlace(bool in_place) override;
  void LogSize(int64_t bytes, int64_t unmoved_bytes) override;
  void Checkpointed(bool all) override;

 private:
  prometheus::Gauge& in_place_;
  prometheus::Gauge& log_bytes_;
  prometheus::Gauge& unmoved_bytes_;
  prometheus::Counter& complete_;
  prometheus::Counter& held_back_;
};

}  // namespace fleetmeter
