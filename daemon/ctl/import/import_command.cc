#include "daemon/ctl/import/import_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/ctl/import/fetch_books.h"
#include "daemon/ctl/import/file_form_flags.h"
#include "daemon/ctl/import/import_client.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/import_progress.h"
#include "daemon/ctl/import/import_rejections.h"
#include "daemon/ctl/import/import_sender.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/query_client.h"
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
struct Sent {
  std::vector<Fate> fates;
  std::string stream_id;
};
Sent SendAll(ImportClient& client, const ImportBatch& plan, ImportProgress& progress,
             ImportRejections& rejections, absl::Status* status) {
  StopSignals stop(false, [] {});
  ImportSender sender(
      client, plan, {}, [&stop](std::chrono::milliseconds time) { return stop.WaitFor(time); },
      [&progress](const ImportSender& at) { progress.Show(at.settled_rows(), at.trouble()); },
      [&rejections](const RejectedReport& rejected) { return rejections.Add(rejected); });
  *status = WithAdvice(sender.Run());
  return {sender.fates(), Hex(sender.stream_id())};
}

// Of reports whose time was counted before, those of which the books say the same.
std::set<size_t> UnchangedOf(const std::vector<Fate>& fates, const CorrectionPlan& plan) {
  std::set<size_t> unchanged;
  for (size_t i = 0; i < fates.size(); ++i) {
    if (fates[i] == Fate::kOverlapping && plan.standings[i] == Standing::kUnchanged) {
      unchanged.insert(i);
    }
  }
  return unchanged;
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
           "extensions. The flag is required if another source has booked the same time")
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
  AddCorrectionFlags(flags, &correction_);
  AddFileForm(flags, &form_);
  AddOutput(flags, &output_);
  AddOwnFlags(flags);
}

absl::Status ImportCommand::CheckFlags() const {
  return CheckCorrectionFlags(correction_, !source_.empty(), kind_ == ImportKind::kUsage, dry_run_);
}

std::optional<std::string> ImportCommand::CalledAddress() const {
  return dry_run_ && !correction_.correct ? std::nullopt
                                          : std::optional(connection_.ingest_address);
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
  if (correction_.correct && kind_ == ImportKind::kUsage) return CorrectUsage(*plan, refused);
  if (correction_.correct && !correction_.add) return Correct(*plan, refused);
  if (!dry_run_) return correction_.add ? Add(*plan, refused) : Send(*plan, refused);
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
  ReadingProgress progress(NameOf(kind_), !quiet_ && ErrorsGoToTerminal());
  csv->OnProgress([&progress](double ratio) { progress.Show(ratio); });
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
  absl::Status status;
  std::vector<size_t> overlapping;
  ImportSummary summary = SendPlain(plan, refused, &overlapping, &status);
  if (!overlapping.empty()) {
    fmt::print(stderr,
               "fleetmeterctl: {}: the books have the time of these lines already. To "
               "make them say what the file says: --correct --reason TEXT{}\n",
               Printable(file_),
               kind_ == ImportKind::kUsage ? ""
                                           : ". To add rows that they do not have, such as late "
                                             "ones: --correct --add --reason TEXT");
  }
  return Tell(std::move(summary), status);
}

// `overlapping`: what stays out of the books, since they have its time already and say something
// else, or nobody could be asked what they say.
ImportSummary ImportCommand::SendPlain(const ImportBatch& plan, RefusedFile& refused,
                                       std::vector<size_t>* overlapping,
                                       absl::Status* status) const {
  // From here on a signal is a wish to stop between two calls.
  BlockStopSignals();
  Sent sent;
  std::set<size_t> settled;  // of what overlaps, what does not stay out of the books
  ImportRejections rejections(file_, plan, refused);
  {
    ImportProgress progress(NameOf(kind_), imports::TotalsOf(plan).rows,
                            !quiet_ && ErrorsGoToTerminal());
    const auto channel = ImportClient::Connect(connection_.ingest_address, connection_.tls);
    if (channel.ok()) {
      ImportClient client(*channel, connection_.ingest_address, connection_.timeout);
      sent = SendAll(client, plan, progress, rejections, status);
    } else {
      *status = channel.status();
    }
  }
  std::set<size_t> unchanged;
  const bool overlaps =
      std::find(sent.fates.begin(), sent.fates.end(), Fate::kOverlapping) != sent.fates.end();
  // Who adds rows says that the books do not have them.
  if (overlaps && kind_ != ImportKind::kUsage && !correction_.add) {
    const auto rules = RulesOf(plan);
    const auto books = rules.ok() ? AskBooks(plan, *rules) : rules.status();
    const auto compared = books.ok() ? PlanCorrection(plan, *books, *rules) : books.status();
    if (compared.ok()) unchanged = UnchangedOf(sent.fates, *compared);
  }
  if (overlaps && kind_ == ImportKind::kUsage && !correction_.correct) {
    unchanged = UnchangedUsage(plan, sent.fates);
  }
  for (size_t i = 0; i < sent.fates.size(); ++i) {
    if (unchanged.contains(i)) sent.fates[i] = Fate::kUnchanged;
    if (sent.fates[i] == Fate::kOverlapping) overlapping->push_back(i);
  }
  settled.insert(unchanged.begin(), unchanged.end());
  // It is added afterwards.
  if (correction_.add) settled.insert(overlapping->begin(), overlapping->end());
  absl::Status released = rejections.Release(settled);
  if (status->ok()) *status = released;
  rejections.Tell();
  ImportSummary summary = Summarize(plan, sent.fates);
  summary.stream_id = sent.stream_id;
  return summary;
}

absl::StatusOr<CorrectionRules> ImportCommand::RulesOf(const ImportBatch& file) const {
  const auto zone = DayZone::Load(file.time_zone);
  if (!zone.ok()) return zone.status();
  return correction_.rules(*zone);
}

absl::StatusOr<Books> ImportCommand::AskBooks(const ImportBatch& file,
                                              const CorrectionRules& rules) const {
  QueryClient client(connection_.ingest_address, connection_.timeout, connection_.tls);
  return FetchBooks(
      {.booked = [&](const v1::GetBookedRequest& request) { return client.GetBooked(request); },
       .prices = [&](const v1::GetPricesRequest& request) { return client.GetPrices(request); }},
      file, rules);
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
