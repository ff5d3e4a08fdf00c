#include "daemon/ctl/print/ledger_output.h"

#include <fmt/format.h>

#include "daemon/base/units.h"
#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl {

namespace {

std::string SpanText(const LedgerReport::Span& span) {
  return fmt::format("{} to {}", UtcTime(span.from * kNanosPerSecond),
                     UtcTime(span.to * kNanosPerSecond));
}

}  // namespace

std::string FormatContents(const LedgerReport& report) {
  std::string usage = "no usage";
  if (report.used && report.booked) {
    usage = fmt::format("usage of {}, booked {}", SpanText(*report.used), SpanText(*report.booked));
  }
  return fmt::format(
      "{} reports of {} streams and {} sources; {} rows of hours, {} of days, {} of quarters; "
      "outcomes: {} rows of inference, {} of training, {} of benchmarks, {} corrections; {} "
      "decisions; {}",
      report.reports, report.streams, report.sources, report.hour_rows, report.day_rows,
      report.quarter_rows, report.inference_rows, report.training_rows, report.benchmark_rows,
      report.corrections, report.entries, usage);
}

}  // namespace fleetmeter::ctl
