// Files of history that are imported: what becomes a report is in a form that the daemon takes.
#include <map>
#include <utility>
#include <variant>

#include "daemon/ctl/import/benchmarks_reports.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/inference_reports.h"
#include "daemon/ctl/import/totals.h"
#include "daemon/ctl/import/training_reports.h"
#include "daemon/ctl/import/usage_reports.h"
#include "daemon/ingest/decode_outcome.h"
#include "daemon/ingest/decode_report.h"
#include "tests/fuzz/targets.h"

namespace fleetmeter::fuzz {
namespace {

using imports::ImportBatch;

outcomes::BenchmarkSuite Suite() {
  outcomes::BenchmarkSuite suite;
  suite.name = "suite";
  suite.benchmarks = {{.name = "mmlu", .floor = 0.25}};
  suite.columns = {{"mmlu", "MMLU"}};
  return suite;
}

SequencedReport Decode(const imports::ImportReport& planned, uint64_t sequence) {
  if (const auto* usage = std::get_if<UsageReport>(&planned.report)) {
    return DecodeReport(ctl::ToMessage(*usage, sequence));
  }
  return DecodeOutcome(ctl::ToMessage(std::get<OutcomeReport>(planned.report), sequence));
}

void Check(const absl::StatusOr<ImportBatch>& plan) {
  if (!plan.ok()) {
    Require(plan.status().message().find("file.csv") != absl::string_view::npos,
            "an error names the file");
    return;
  }
  std::map<std::string, int64_t> ends;  // of the last window, by source
  uint64_t sequence = 0;
  for (const imports::ImportReport& planned : plan->reports) {
    const SequencedReport decoded = Decode(planned, ++sequence);
    Require(!planned.lines.empty(), "a report comes from lines of the file");
    // Times beyond what the daemon reckons with are for it to refuse: they are in the future.
    if (decoded.rejection) {
      Require(decoded.rejection->reason == RejectReason::kBadWindow, "the daemon takes its form");
      continue;
    }
    const bool outcome = decoded.outcome.has_value();
    const int64_t start =
        outcome ? decoded.outcome->window_start_unix_nanos : decoded.report.window_start_unix_nanos;
    const int64_t end = outcome ? decoded.outcome->WindowEnd() : decoded.report.WindowEnd();
    int64_t& end_before = ends[outcome ? decoded.outcome->source : decoded.report.source];
    Require(start >= end_before || end == 0, "windows of a source do not overlap");
    end_before = end;
  }
  for (const imports::RefusedRow& row : plan->refused) {
    Require(row.line > 1 && !row.reason.empty(), "a refused row has a line and a reason");
  }
  const imports::Totals totals = imports::TotalsOf(*plan);
  Require(totals.requests >= 0 && totals.chip_nanos >= totals.busy_chip_nanos, "sums are sums");
  Require(ctl::StreamIdOf(*plan).size() == 16, "there is a stream for it");
}

// With each flag that reads more.
CsvForm GenerousForm() {
  CsvForm form;
  form.encoding = TextEncoding::kLatin1;
  form.ignore_unknown_columns = true;
  form.decimal_comma = true;
  absl::TimeZone zone;
  if (absl::LoadTimeZone("Europe/Berlin", &zone)) form.time_zone = zone;
  return form;
}

}  // namespace

void RunImportCsv(std::string_view bytes) {
  const auto plan = [bytes](const auto& make) {
    for (const CsvForm& form : {CsvForm(), GenerousForm()}) {
      auto csv = CsvReader::FromText("file.csv", std::string(bytes), form);
      if (csv.ok()) Check(make(*csv));
    }
  };
  constexpr int64_t kHour = 3'600'000'000'000;
  for (const auto every : {std::optional<int64_t>(), std::optional(kHour)}) {
    plan([every](CsvReader& csv) {
      return imports::MakeInferenceReports(
          csv, {.source = "s", .window_nanos = std::nullopt, .every_nanos = every});
    });
  }
  plan([](CsvReader& csv) {
    auto made = imports::MakeUsageReports(csv, {.source = "s"});
    if (made.ok()) imports::DoubtsOf(*made, {{"h100", 8}});
    return made;
  });
  plan([](CsvReader& csv) {
    imports::TrainingRules rules;
    rules.source = "s";
    rules.rule.emplace();
    rules.rule->peak_flops = 990e12;
    rules.rule->mfu = 0.5;
    return imports::MakeTrainingReports(csv, rules);
  });
  plan([](CsvReader& csv) {
    return imports::MakeBenchmarksReports(csv, Suite(), {.source = "s", .columns = {}});
  });
}

}  // namespace fleetmeter::fuzz
