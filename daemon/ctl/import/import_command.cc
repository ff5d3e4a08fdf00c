#include "daemon/ctl/import/import_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ctl/import/file_form_flags.h"
#include "daemon/ctl/import/import_client.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/import_progress.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/refused_rows.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;

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

// What the daemon rejects goes to the file of refused rows; the first of it is told at once.
class Rejections {
 public:
  Rejections(const std::string& file, const ImportBatch& plan, RefusedFile& refused)
      : file_(file), plan_(plan), refused_(refused) {}

  absl::Status Add(const RejectedReport& rejected) {
    const imports::LineSet& which = plan_.reports[rejected.index].lines;
    const std::string lines = which.Text();
    for (const int64_t line : which.Lines()) lines_.insert(line);
    if (first_.empty()) first_ = fmt::format("lines {}: {}", lines, rejected.why);
    if (absl::Status kept = refused_.Add(lines, rejected.why); !kept.ok()) return kept;
    return refused_.Flush();
  }
  void Tell() const {
    if (first_.empty()) return;
    fmt::print(
        stderr,
        "fleetmeterctl: {}: not all was counted; the first: {}\n"
        "fleetmeterctl: {}: these lines stay out of the books: {}. Once the cause is mended, "
        "run the same command again: it sends them again, and nothing else\n",
        Printable(file_), first_, Printable(file_), Lines());
  }

 private:
  // "2-5, 9", as far as it fits into a message.
  std::string Lines() const {
    imports::LineSet all;
    for (const int64_t line : lines_) all.Add(line);
    const std::string text = all.Text();
    if (text.size() <= kMostLinesText) return text;
    const size_t comma = text.rfind(',', kMostLinesText);
    return fmt::format("{} and others, {} in all (--refused FILE lists them)",
                       text.substr(0, comma), all.count());
  }
  static constexpr size_t kMostLinesText = 300;

  const std::string& file_;
  const ImportBatch& plan_;
  RefusedFile& refused_;
  std::set<int64_t> lines_;
  std::string first_;
};

absl::Status WithAdvice(const absl::Status& status) {
  if (status.ok() || absl::IsAlreadyExists(status)) return status;
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

// Sends until all is settled, a signal comes or there is an error, which is then in `status`.
ImportSummary SendAll(ImportClient& client, const ImportBatch& plan, ImportProgress& progress,
                      Rejections& rejections, absl::Status* status) {
  StopSignals stop(false, [] {});
  ImportSender sender(
      client, plan, {}, [&stop](std::chrono::milliseconds time) { return stop.WaitFor(time); },
      [&progress](const ImportSender& at) { progress.Show(at.settled_rows(), at.trouble()); },
      [&rejections](const RejectedReport& rejected) { return rejections.Add(rejected); });
  *status = WithAdvice(sender.Run());
  ImportSummary summary = Summarize(plan, sender.fates());
  summary.stream_id = Hex(sender.stream_id());
  return summary;
}

}  // namespace

ImportCommand::ImportCommand(ImportKind kind, const std::string& help, std::string columns,
                             const Connection& connection)
    : Command({"import", NameOf(kind)}, help),
      kind_(kind),
      columns_(std::move(columns)),
      connection_(connection) {}

void ImportCommand::AddFlags(Flags& flags) {
  flags.Add("FILE", &file_, "A CSV file with the columns " + columns_).Required();
  flags
      .Add("--source", &source_,
           "Who reports this history. The default is the name of the file without folder and "
           "extensions, unless another source has booked the same time: then it must be said")
      .ValueName("NAME");
  flags
      .Add("--refused", &refused_,
           "Write the rows that this import does not bring into the books to this file, with "
           "the reasons")
      .ValueName("FILE");
  flags.AddSwitch("--dry-run", &dry_run_,
                  "Read the whole file, ask the daemon whether it knows the names, and say what "
                  "would be sent, but send nothing. Without a daemon, only the file is checked");
  flags.AddSwitch("--quiet,-q", &quiet_, "Show no progress");
  AddFileForm(flags, &form_);
  AddOutput(flags, &output_);
  AddOwnFlags(flags);
}

std::optional<std::string> ImportCommand::CalledAddress() const {
  return dry_run_ ? std::nullopt : std::optional(connection_.ingest_address);
}

int ImportCommand::Run() {
  auto plan = Plan(DayZone());
  if (!plan.ok()) return ExitCode(plan.status());
  const ReportAnswer told = AskDaemon(*plan);
  const bool asked = told.kind == ReportAnswer::Kind::kAck;
  if (asked && !told.time_zone.empty() && told.time_zone != plan->time_zone) {
    const auto zone = DayZone::Load(told.time_zone);
    if (!zone.ok()) return ExitCode(zone.status());
    plan = Plan(*zone);
    if (!plan.ok()) return ExitCode(plan.status());
  }
  RefusedFile refused(refused_, file_);
  if (absl::Status kept = KeepRefused(*plan, refused); !kept.ok()) return ExitCode(kept);
  if (!dry_run_) return Send(*plan, refused);
  ImportSummary summary = Summarize(*plan, {});
  summary.stream_id = Hex(StreamIdOf(*plan));
  summary.dry_run = true;
  summary.not_asked = asked ? "" : told.error;
  summary.unknown_names = told.unknown_names;
  return Tell(std::move(summary), absl::OkStatus());
}

// One call, which may fail: what follows waits for a daemon, and a dry run does without it.
ReportAnswer ImportCommand::AskDaemon(const ImportBatch& plan) const {
  ReportAnswer none;
  if (absl::Status may = CheckClientTls(connection_.tls, connection_.ingest_address); !may.ok()) {
    none.error = std::string(may.message());
    return none;
  }
  const auto channel = ImportClient::Connect(connection_.ingest_address, connection_.tls);
  if (!channel.ok()) {
    none.error = std::string(channel.status().message());
    return none;
  }
  ImportClient client(*channel, connection_.ingest_address, connection_.timeout);
  v1::ReportRequest request = QuestionsOf(plan);
  if (!dry_run_) request.clear_names();
  return client.Report(request);
}

std::string ImportCommand::Source() const {
  if (!source_.empty()) return source_;
  std::filesystem::path name = std::filesystem::path(file_).filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.stem();
}

// Local times are those of the books, unless the file's flags say otherwise.
absl::StatusOr<ImportBatch> ImportCommand::Plan(const DayZone& zone) const {
  if (absl::Status status = CheckSource(Source()); !status.ok()) return status;
  CsvForm form = form_;
  if (!form.time_zone && !zone.is_utc()) form.time_zone = zone.clock();
  auto csv = CsvReader::Open(file_, form);
  if (!csv.ok()) return csv.status();
  const bool rows_have_sources = RowsHaveSources(*csv);
  if (rows_have_sources && !source_.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: has a column source; expected it without --source, or without the column", file_));
  }
  auto plan = MakeReports(*csv, Source(), zone);
  if (!plan.ok()) return plan.status();
  plan->time_zone = zone.name();
  plan->source_of_name = source_.empty() && !rows_have_sources;
  return plan;
}

// Tells of the rows that will not be sent.
absl::Status ImportCommand::KeepRefused(const ImportBatch& plan, RefusedFile& refused) const {
  if (absl::Status opened = refused.Open(); !opened.ok()) return opened;
  for (const imports::RefusedRow& row : plan.refused) {
    if (absl::Status kept = refused.Add(std::to_string(row.line), row.reason); !kept.ok()) {
      return kept;
    }
  }
  TellRefused(file_, plan.refused);
  return refused.Flush();
}

int ImportCommand::Send(const ImportBatch& plan, RefusedFile& refused) const {
  // From here on a signal is a wish to stop between two calls.
  BlockStopSignals();
  const auto channel = ImportClient::Connect(connection_.ingest_address, connection_.tls);
  if (!channel.ok()) return ExitCode(channel.status());
  ImportClient client(*channel, connection_.ingest_address, connection_.timeout);
  Rejections rejections(file_, plan, refused);
  absl::Status status;
  ImportSummary summary;
  {
    ImportProgress progress(NameOf(kind_), imports::TotalsOf(plan).rows,
                            !quiet_ && ErrorsGoToTerminal());
    summary = SendAll(client, plan, progress, rejections, &status);
  }
  rejections.Tell();
  return Tell(std::move(summary), status);
}

// The end of an import: what came of it, and why it ended where that is an error.
int ImportCommand::Tell(ImportSummary summary, const absl::Status& status) const {
  summary.file = file_;
  summary.kind = kind_;
  summary.source = Source();
  if (absl::Status printed = Print(FormatImport(summary, output_)); !printed.ok()) {
    return ExitCode(printed);
  }
  if (absl::IsAlreadyExists(status)) {
    ExitCode(status);
    return kExitNotAll;
  }
  if (!status.ok()) return ExitCode(status);
  return summary.complete() ? kExitOk : kExitNotAll;
}

}  // namespace fleetmeter::ctl
