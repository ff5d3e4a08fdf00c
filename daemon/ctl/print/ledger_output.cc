#include "daemon/ctl/print/ledger_output.h"

#include <fmt/format.h>

namespace fleetmeter::ctl {

std::string FormatContents(const LedgerReport& report) {
  return fmt::format(
      "{} reports of {} streams and {} sources; {} rows of hours, {} of days, {} of quarters; "
      "outcomes: {} rows of inference, {} of training, {} of benchmarks, {} corrections",
      report.reports, report.streams, report.sources, report.hour_rows, report.day_rows,
      report.quarter_rows, report.inference_rows, report.training_rows, report.benchmark_rows,
      report.corrections);
}

}  // namespace fleetmeter::ctl
