#include "daemon/serve/metrics/ledger_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr Family<DaemonFigures> kLedgerFamilies[] = {
    {{"fleetmeter_ledger_file_in_place",
      kGauge,
      {},
      "The value is 1 while the files of the ledger are at its path as the daemon left them. It is "
      "0 when a file was moved, deleted, replaced, cut off or written by another program. Nothing "
      "is acknowledged then."},
     Counted},
    {{"fleetmeter_ledger_log_bytes",
      kGauge,
      {},
      "The write-ahead log of the ledger takes this many bytes on the disk. It grows while a "
      "reader "
      "holds the ledger open."},
     Counted},
    {{"fleetmeter_ledger_log_unmoved_bytes",
      kGauge,
      {},
      "This many bytes of the write-ahead log are not yet in the ledger's file."},
     Counted},
    {{"fleetmeter_ledger_checkpoints_total",
      kCounter,
      {"result"},
      "The daemon tried this many times to move the write-ahead log into the ledger's file. With "
      "the result complete the log is empty. With the result held_back a reader still needed a "
      "part "
      "of it, or the file could not be written."},
     Counted},
};

constexpr const Metric& kInPlace =
    Declared(kLedgerFamilies, "fleetmeter_ledger_file_in_place", kGauge);
constexpr const Metric& kLogBytes =
    Declared(kLedgerFamilies, "fleetmeter_ledger_log_bytes", kGauge);
constexpr const Metric& kUnmovedBytes =
    Declared(kLedgerFamilies, "fleetmeter_ledger_log_unmoved_bytes", kGauge);
constexpr const Metric& kCheckpoints =
    Declared(kLedgerFamilies, "fleetmeter_ledger_checkpoints_total", kCounter);

}  // namespace

constexpr MetricGroup<DaemonFigures> kLedgerFileMetrics = {
    "The ledger's file",
    "These families show the files of `ledger.path`. Without it the books are kept in memory, and "
    "these families do not change.",
    kLedgerFamilies,
};

LedgerMetrics::LedgerMetrics(prometheus::Registry& registry)
    : in_place_(AddGauge(registry, kInPlace)),
      log_bytes_(AddGauge(registry, kLogBytes)),
      unmoved_bytes_(AddGauge(registry, kUnmovedBytes)),
      complete_(AddCounter(registry, kCheckpoints, {"complete"})),
      held_back_(AddCounter(registry, kCheckpoints, {"held_back"})) {
  in_place_.Set(1);
}

void LedgerMetrics::FileInPlace(bool in_place) { in_place_.Set(in_place ? 1 : 0); }

void LedgerMetrics::LogSize(int64_t bytes, int64_t unmoved_bytes) {
  log_bytes_.Set(static_cast<double>(bytes));
  unmoved_bytes_.Set(static_cast<double>(unmoved_bytes));
}

void LedgerMetrics::Checkpointed(bool all) { (all ? complete_ : held_back_).Increment(); }

}  // namespace fleetmeter
