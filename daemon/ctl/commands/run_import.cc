// Brings history from a file to a daemon's books.
#include <fmt/format.h>

#include <filesystem>

#include "daemon/base/text.h"
#include "daemon/config/load_framework.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/import/benchmarks_reports.h"
#include "daemon/ctl/import/import_client.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/import_progress.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/import/inference_reports.h"
#include "daemon/ctl/import/training_reports.h"
#include "daemon/ctl/import/usage_reports.h"
#include "daemon/ctl/print/import_output.h"
#include "daemon/ctl/print/refused_file.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;

std::string SourceOf(const ImportFlags& flags) {
  if (!flags.source.empty()) return flags.source;
  std::filesystem::path name = std::filesystem::path(flags.file).filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.stem();
}

// Of the flag or of the file's name, which may be anything.
absl::Status CheckSource(const std::string& source) {
  const bool printable = !FindInvalidUtf8(source) && !HasControlCharacter(source);
  if (!source.empty() && source.size() <= imports::kMostLabelBytes && printable) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("--source: is {}; expected 1 to 128 bytes of UTF-8 without control characters",
                  Quoted(source)));
}

absl::StatusOr<ImportBatch> PlanTrainingOf(const ImportFlags& flags, CsvReader& csv) {
  imports::TrainingRules rules{.source = SourceOf(flags),
                               .columns = flags.columns,
                               .flop_column = flags.flop_column,
                               .rule = std::nullopt};
  if (!flags.framework.empty()) {
    auto document = LoadFramework(flags.framework);
    if (!document.ok()) return document.status();
    rules.rule = std::move(document->assumptions.training);
  }
  return imports::MakeTrainingReports(csv, rules);
}

absl::StatusOr<ImportBatch> PlanRows(const ImportFlags& flags, absl::StatusOr<CsvReader>& csv) {
  switch (flags.kind) {
    case ImportKind::kUsage: {
      // A file with a source on each row is not to be given another.
      if (!flags.source.empty() && csv->Column("source") != CsvReader::kAbsent) {
        return absl::InvalidArgumentError(fmt::format(
            "{}: has a column source; expected it without --source, or without the column",
            flags.file));
      }
      return imports::MakeUsageReports(*csv, {.source = SourceOf(flags)});
    }
    case ImportKind::kInference:
      return imports::MakeInferenceReports(*csv, {.source = SourceOf(flags),
                                                  .window_nanos = flags.window_nanos,
                                                  .every_nanos = flags.every_nanos});
    case ImportKind::kTraining:
      return PlanTrainingOf(flags, *csv);
    case ImportKind::kBenchmarks: {
      const auto suite = LoadBenchmarkSuite(flags.suite);
      if (!suite.ok()) return suite.status();
      return imports::MakeBenchmarksReports(*csv, *suite,
                                            {.source = SourceOf(flags), .columns = flags.columns});
    }
  }
  return absl::InternalError("no such kind");
}

absl::StatusOr<ImportBatch> PlanOf(const ImportFlags& flags) {
  if (absl::Status status = CheckSource(SourceOf(flags)); !status.ok()) return status;
  auto csv = CsvReader::Open(flags.file);
  if (!csv.ok()) return csv.status();
  const bool told_by_rows =
      flags.kind == ImportKind::kUsage && csv->Column("source") != CsvReader::kAbsent;
  auto plan = PlanRows(flags, csv);
  if (!plan.ok()) return plan.status();
  plan->source_of_name = flags.source.empty() && !told_by_rows;
  return plan;
}

// Tells of the rows that will not be sent.
absl::Status KeepRefused(const ImportFlags& flags, const ImportBatch& plan, RefusedFile& refused) {
  if (absl::Status opened = refused.Open(); !opened.ok()) return opened;
  for (const imports::RefusedRow& row : plan.refused) {
    if (absl::Status kept = refused.Add(std::to_string(row.line), row.reason); !kept.ok()) {
      return kept;
    }
  }
  if (!plan.refused.empty()) {
    fmt::print(stderr, "fleetmeterctl: {}: {} rows refused, the first on line {}: {}\n",
               Printable(flags.file), plan.refused.size(), plan.refused.front().line,
               Printable(plan.refused.front().reason));
  }
  return refused.Flush();
}

// What the daemon rejects goes to the file of refused rows; the first of it is told at once.
class Rejections {
 public:
  Rejections(const ImportFlags& flags, const ImportBatch& plan, RefusedFile& file)
      : flags_(flags), plan_(plan), file_(file) {}

  absl::Status Add(const RejectedReport& rejected) {
    const std::string lines = plan_.reports[rejected.index].lines.Text();
    if (first_.empty()) first_ = fmt::format("lines {}: {}", lines, rejected.why);
    if (absl::Status kept = file_.Add(lines, rejected.why); !kept.ok()) return kept;
    return file_.Flush();
  }
  void Tell() const {
    if (first_.empty()) return;
    fmt::print(stderr, "fleetmeterctl: {}: not all was counted; the first: {}\n",
               Printable(flags_.file), first_);
  }

 private:
  const ImportFlags& flags_;
  const ImportBatch& plan_;
  RefusedFile& file_;
  std::string first_;
};

absl::Status WithAdvice(const absl::Status& status) {
  if (status.ok()) return status;
  if (absl::IsCancelled(status)) {
    return absl::CancelledError(
        "stopped; run the same command again to go on: what is settled is not counted again");
  }
  return {status.code(),
          fmt::format(
              "{}; once that is mended, run the same command again: what is settled is not counted "
              "again",
              std::string(status.message()))};
}

int Send(const Flags& flags, const ImportBatch& plan, RefusedFile& refused) {
  // From here on a signal is a wish to stop between two calls.
  BlockStopSignals();
  const auto channel = ImportClient::Connect(flags.import.ingest_address, flags.tls);
  if (!channel.ok()) return ExitCode(channel.status());
  ImportClient client(*channel, flags.import.ingest_address, flags.timeout);
  Rejections rejections(flags.import, plan, refused);
  const int64_t rows = imports::TotalsOf(plan).rows;
  absl::Status status;
  ImportSummary summary;
  {
    ImportProgress progress(NameOf(flags.import.kind), rows,
                            !flags.import.quiet && ErrorsGoToTerminal());
    StopSignals stop(false, [] {});
    ImportSender sender(
        client, plan, {}, [&stop](std::chrono::milliseconds time) { return stop.WaitFor(time); },
        [&progress](const ImportSender& at) { progress.Show(at.settled_rows(), at.trouble()); },
        [&rejections](const RejectedReport& rejected) { return rejections.Add(rejected); });
    status = WithAdvice(sender.Run());
    summary = Summarize(plan, sender.fates());
    summary.stream_id = Hex(sender.stream_id());
  }
  rejections.Tell();
  summary.file = flags.import.file;
  summary.kind = flags.import.kind;
  summary.source = SourceOf(flags.import);
  if (absl::Status printed = Print(FormatImport(summary, flags.output)); !printed.ok()) {
    return ExitCode(printed);
  }
  if (!status.ok()) return ExitCode(status);
  return summary.complete() ? kExitOk : kExitNotAll;
}

}  // namespace

int RunImport(const Flags& flags) {
  const auto plan = PlanOf(flags.import);
  if (!plan.ok()) return ExitCode(plan.status());
  RefusedFile refused(flags.import.refused, flags.import.file);
  if (absl::Status kept = KeepRefused(flags.import, *plan, refused); !kept.ok()) {
    return ExitCode(kept);
  }
  if (!flags.import.dry_run) return Send(flags, *plan, refused);
  ImportSummary summary = Summarize(*plan, {});
  summary.file = flags.import.file;
  summary.kind = flags.import.kind;
  summary.source = SourceOf(flags.import);
  summary.stream_id = Hex(StreamIdOf(*plan));
  summary.dry_run = true;
  if (absl::Status printed = Print(FormatImport(summary, flags.output)); !printed.ok()) {
    return ExitCode(printed);
  }
  return summary.complete() ? kExitOk : kExitNotAll;
}

}  // namespace fleetmeter::ctl
