#include "daemon/ctl/import/import_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
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

constexpr std::string_view kInput = "-";

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

// Whether the same question may be answered later.
bool IsWorthWaiting(const ReportAnswer& answer) {
  return answer.kind == ReportAnswer::Kind::kBusy || answer.kind == ReportAnswer::Kind::kNoAnswer;
}

absl::Status DoubtError(const std::string& file, const std::vector<imports::AmountDoubt>& doubts) {
  std::string text = fmt::format("{}: nothing was sent", file);
  std::string accept;
  for (const imports::AmountDoubt& doubt : doubts) {
    text += fmt::format(". {}", doubt.text);
    accept += fmt::format(" --accept {}", doubt.name);
  }
  return absl::FailedPreconditionError(fmt::format(
      "{}. If the file is right, give{}. If its amounts are of another unit, give --unit", text,
      accept));
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
  flags.Add("FILE", &file_, "A CSV file, or - for standard input, with the columns " + columns_)
      .Required();
  flags
      .Add("--source", &source_,
           "The source of this history: the name under which the books keep it. No time of one "
           "source is counted twice. The default is the name of the file without folder and "
           "extensions. The flag is required if another source has booked the same time, since "
           "then both would count")
      .ValueName("NAME");
  flags
      .Add("--refused", &refused_,
           "Write a list of the rows that were not counted to this file: their lines, and why")
      .ValueName("FILE");
  flags.AddSwitch("--dry-run", &dry_run_,
                  "Send nothing. Read the whole file, ask the daemon whether it knows the pools, "
                  "teams and chip kinds in it, and say what would be sent. If no daemon answers, "
                  "only the file is checked. With --correct, show what would be corrected");
  flags.AddSwitch("--quiet,-q", &quiet_, "Show no progress");
  AddCorrectionFlags(flags, &correction_);
  AddFileForm(flags, &form_);
  AddOutput(flags, &output_);
  AddOwnFlags(flags);
}

absl::Status ImportCommand::CheckFlags() const {
  if (file_ == kInput && correction_.correct && !correction_.yes && !dry_run_) {
    return absl::InvalidArgumentError(
        "-: standard input is the file, so that nobody can be asked there; expected --yes");
  }
  return CheckCorrectionFlags(correction_, !source_.empty(), kind_ == ImportKind::kUsage, dry_run_);
}

std::optional<std::string> ImportCommand::CalledAddress() const {
  return dry_run_ && !correction_.correct ? std::nullopt
                                          : std::optional(connection_.ingest_address);
}

int ImportCommand::Run() {
  if (absl::Status kept = file_ == kInput ? KeepInput() : absl::OkStatus(); !kept.ok()) {
    return ExitCode(kept);
  }
  auto plan = Plan(DayZone());
  if (!plan.ok()) return ExitCode(plan.status());
  const ReportAnswer told = AskUntilAnswered(*plan);
  const bool asked = told.kind == ReportAnswer::Kind::kAck;
  if (!asked && !dry_run_ && IsWorthWaiting(told)) {
    return Tell(Summarize(*plan, {}), WithAdvice(absl::UnavailableError(told.error)));
  }
  if (asked && !told.time_zone.empty() && told.time_zone != plan->time_zone) {
    const auto zone = DayZone::Load(told.time_zone);
    if (!zone.ok()) return ExitCode(zone.status());
    plan = Plan(*zone);
    if (!plan.ok()) return ExitCode(plan.status());
  }
  RefusedFile refused(refused_, file_);
  if (absl::Status kept = KeepRefused(*plan, refused); !kept.ok()) return ExitCode(kept);
  std::vector<imports::AmountDoubt> doubts = DoubtsAbout(*plan, told);
  if (!doubts.empty() && (!dry_run_ || correction_.correct)) {
    return ExitCode(DoubtError(file_, doubts));
  }
  if (correction_.correct && kind_ == ImportKind::kUsage) return CorrectUsage(*plan, refused);
  if (correction_.correct && !correction_.add) return Correct(*plan, refused);
  if (!dry_run_) return correction_.add ? Add(*plan, refused) : Send(*plan, refused);
  ImportSummary summary = Summarize(*plan, {});
  summary.stream_id = Hex(StreamIdOf(*plan));
  summary.dry_run = true;
  summary.not_asked = asked ? "" : told.error;
  summary.unknown_names = told.unknown_names;
  summary.doubts = std::move(doubts);
  if (correction_.add) return ShowAddition(*plan, std::move(summary));
  return Tell(std::move(summary), plan->read_status());
}

// One call, which may fail.
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
  ImportClient client(*channel, connection_.ingest_address, connection_.timeout, connection_.tls);
  v1::ReportRequest request = QuestionsOf(plan);
  // What is sent is judged when it comes; only amounts are judged before.
  if (!dry_run_ && kind_ != ImportKind::kUsage) request.clear_names();
  return client.Report(request);
}

// A dry run does without a daemon that does not answer. An import waits for it, since amounts and
// days are judged by what it says.
ReportAnswer ImportCommand::AskUntilAnswered(const ImportBatch& plan) const {
  const ImportLimits limits;
  ReportAnswer answer = AskDaemon(plan);
  if (dry_run_ || !IsWorthWaiting(answer)) return answer;
  BlockStopSignals();
  StopSignals stop(false, [] {});
  auto wait = limits.first_wait;
  std::chrono::milliseconds waited{0};
  while (waited < limits.patience_with_strangers && !stop.WaitFor(wait)) {
    waited += wait;
    answer = AskDaemon(plan);
    if (!IsWorthWaiting(answer)) break;
    wait = std::min(wait * 2, limits.longest_wait);
  }
  return answer;
}

std::string ImportCommand::Source() const {
  if (!source_.empty()) return source_;
  std::filesystem::path name = std::filesystem::path(file_).filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.stem();
}

absl::Status ImportCommand::KeepInput() {
  auto kept = imports::TemporaryFile::Make();
  if (!kept.ok()) return kept.status();
  std::array<char, size_t{1} << 16> bytes{};
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "-: standard input cannot be read");
    if (got == 0) break;
    const std::string_view more(bytes.data(), static_cast<size_t>(got));
    if (absl::Status added = kept->Append(more); !added.ok()) return added;
  }
  if (absl::Status flushed = kept->Flush(); !flushed.ok()) return flushed;
  input_ = *std::move(kept);
  return absl::OkStatus();
}

absl::StatusOr<CsvReader> ImportCommand::OpenFile(const CsvForm& form) const {
  return CsvReader::OpenStream(input_ ? input_->path() : file_, form, file_);
}

// Local times are those of the books, unless the file's flags say otherwise.
absl::StatusOr<ImportBatch> ImportCommand::Plan(const DayZone& zone) const {
  if (absl::Status status = CheckSource(Source()); !status.ok()) return status;
  CsvForm form = form_;
  if (!form.time_zone && !zone.is_utc()) form.time_zone = zone.clock();
  auto csv = OpenFile(form);
  if (!csv.ok()) return csv.status();
  const bool rows_have_sources = RowsHaveSources(*csv);
  if (rows_have_sources && !source_.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: has a column source; expected it without --source, or without the column", file_));
  }
  if (file_ == kInput && !rows_have_sources && source_.empty()) {
    return absl::InvalidArgumentError(
        "-: standard input has no name to take the source from; expected --source NAME");
  }
  ReadingProgress progress(NameOf(kind_), !quiet_ && ErrorsGoToTerminal());
  const auto show = [&progress](const char* what) {
    return [&progress, what](double ratio) { progress.Show(what, ratio); };
  };
  csv->OnProgress(show("reading the file"));
  auto plan = MakeReports(
      *csv, {.source = Source(), .zone = zone, .on_arranged = show("arranging the rows")});
  // Whatever was made of a part of the file is not the file.
  if (!csv->read_status().ok()) return csv->read_status();
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
    Warn(fmt::format(
        "{}: the books have this time already. If the file is right, run the command again with "
        "--correct --reason TEXT: it shows what differs, asks, and books the differences.{}",
        Printable(file_),
        kind_ == ImportKind::kUsage
            ? ""
            : " If none of its rows of that time is in the books yet, as in a file of late rows, "
              "run it with --correct --add --reason TEXT: it adds them to the books"));
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
    progress.ShowBegin();
    const auto channel = ImportClient::Connect(connection_.ingest_address, connection_.tls);
    if (channel.ok()) {
      ImportClient client(*channel, connection_.ingest_address, connection_.timeout,
                          connection_.tls);
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
  if (status->ok()) *status = plan.read_status();
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
