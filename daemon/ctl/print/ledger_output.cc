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
      "decisions; {} events of requests for capacity; {}",
      report.reports, report.streams, report.sources, report.hour_rows, report.day_rows,
      report.quarter_rows, report.inference_rows, report.training_rows, report.benchmark_rows,
      report.corrections, report.entries, report.capacity_events, usage);
}

Json ContentsJson(const LedgerReport& report) {
  const auto span = [](const std::optional<LedgerReport::Span>& known) {
    if (!known) return Json(nullptr);
    return Json{{"from_unix_seconds", known->from}, {"to_unix_seconds", known->to}};
  };
  Json out;
  out["ok"] = report.findings.empty();
  out["findings"] = report.findings;
  out["reports"] = report.reports;
  out["streams"] = report.streams;
  out["sources"] = report.sources;
  out["hour_rows"] = report.hour_rows;
  out["day_rows"] = report.day_rows;
  out["quarter_rows"] = report.quarter_rows;
  out["inference_rows"] = report.inference_rows;
  out["training_rows"] = report.training_rows;
  out["benchmark_rows"] = report.benchmark_rows;
  out["corrections"] = report.corrections;
  out["entries"] = report.entries;
  out["capacity_events"] = report.capacity_events;
  out["used"] = span(report.used);
  out["booked"] = span(report.booked);
  return out;
}

}  // namespace fleetmeter::ctl
