// export focus: what chip-time cost, from a ledger's file, for programs that read FOCUS.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/calendar.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/full_hour_flag.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/focus_output.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"
#include "daemon/ledger/read/read_allocations.h"
#include "daemon/ledger/read/read_chip_prices.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kFocusExamples[] =
    "Example:\n"
    "  fleetmeterctl export focus --ledger ledger.db --since 2026-01-01 --until 2026-02-01 \\\n"
    "                --to fleet-2026-01.csv\n"
    "\n"
    "Usage counts on the UTC day of its use. Chip-time whose kind has no price in the catalog has\n"
    "no known cost, which a FOCUS file cannot say. Its rows go to FILE.unpriced.csv, with the "
    "same\n"
    "columns and without a cost, and the exit code is then 4.";

constexpr char kUnpricedSuffix[] = ".unpriced.csv";

// Rows with a price, and rows without.
struct FocusFiles {
  std::string priced = FocusHeader();
  std::string unpriced = FocusHeader();
  int64_t unpriced_rows = 0;
  absl::int128 unpriced_nanos = 0;
};

class ExportFocus : public Command {
 public:
  ExportFocus()
      : Command(
            {"export", "focus"},
            "Write what chip-time cost in a span of days as a CSV file of FOCUS 1.2, the FinOps "
            "Open Cost and Usage Specification, with a row for each day, pool, team and kind "
            "of chip. The daemon may be running or not") {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  int Run() override;

 private:
  void AddNames(Flags& flags);
  absl::StatusOr<FocusFiles> Collect() const;
  absl::StatusOr<std::vector<FocusRow>> CollectRows(Database& ledger) const;
  absl::StatusOr<int64_t> Until(Database& ledger) const;
  absl::Status Write(const FocusFiles& files) const;

  std::string ledger_;  // its file
  FullHour since_;
  std::optional<FullHour> until_;
  std::string file_;
  FocusAccount account_ = {.id = "", .name = "Fleetmeter", .provider = "Fleetmeter"};
  bool replace_ = false;
  OutputFormat output_ = OutputFormat::kTable;
};

void ExportFocus::AddFlags(Flags& flags) {
  flags.SetFooter(kFocusExamples);
  AddLedgerPath(flags, &ledger_);
  AddFullHour(flags, "--since", "The first day (UTC)", &since_);
  AddFullHour(flags, "--until",
              "The day after the last one. The default is the day of the ledger's last commit, "
              "which is not over and so never a part of the file",
              &until_);
  flags.Add("--to", &file_, "The file to write").ValueName("FILE").Required();
  AddNames(flags);
  flags.AddSwitch("--force", &replace_, "Replace the file if it is there");
  AddTextOutput(flags, &output_);
}

void ExportFocus::AddNames(Flags& flags) {
  flags
      .Add("--account-id", &account_.id,
           "BillingAccountId of the rows. The default is the identity of the ledger")
      .ValueName("ID");
  flags.Add("--account-name", &account_.name, "BillingAccountName of the rows")
      .ValueName("NAME")
      .ShowDefault();
  flags
      .Add("--provider", &account_.provider,
           "ProviderName and InvoiceIssuerName of the rows: who provides the fleet")
      .ValueName("NAME")
      .ShowDefault();
}

absl::Status ExportFocus::CheckFlags() const {
  for (const FullHour& time : {since_, until_.value_or(since_)}) {
    if (DayOf(time.unix_seconds) == time.unix_seconds) continue;
    return absl::InvalidArgumentError(
        fmt::format("{} is within a day of UTC; expected whole days, such as 2026-01-01",
                    FocusTime(time.unix_seconds)));
  }
  if (until_ && until_->unix_seconds <= since_.unix_seconds) {
    return absl::InvalidArgumentError("--until is not after --since; expected a later day");
  }
  return absl::OkStatus();
}

// The day on which the ledger's own time ends is not over.
absl::StatusOr<int64_t> ExportFocus::Until(Database& ledger) const {
  constexpr int64_t kFarAhead = int64_t{1} << 40;
  const auto known = ReadPlanTerms(ledger, since_.unix_seconds, kFarAhead);
  if (!known.ok()) return known.status();
  const int64_t complete = DayOf(std::max(known->to, since_.unix_seconds));
  const int64_t until = until_ ? std::min(until_->unix_seconds, complete) : complete;
  if (until_ && until < until_->unix_seconds) {
    fmt::print(stderr, "fleetmeterctl: the ledger ends on {}, so the file ends before that day\n",
               FocusTime(complete).substr(0, 10));
  }
  if (until > since_.unix_seconds) return until;
  return absl::NotFoundError(fmt::format("the ledger has no complete day from {} on; it ends on {}",
                                         FocusTime(since_.unix_seconds).substr(0, 10),
                                         FocusTime(complete).substr(0, 10)));
}

absl::StatusOr<std::vector<FocusRow>> ExportFocus::CollectRows(Database& ledger) const {
  const auto until = Until(ledger);
  if (!until.ok()) return until.status();
  const auto prices = ReadChipPrices(ledger);
  if (!prices.ok()) return prices.status();
  const auto usage = ReadUsageWithin(
      ledger, {.from = since_.unix_seconds,
               .to = *until,
               .by = {UsageKey::kDay, UsageKey::kPool, UsageKey::kTeam, UsageKey::kChip,
                      UsageKey::kCatalog, UsageKey::kCategory, UsageKey::kTier}});
  if (!usage.ok()) return usage.status();
  std::vector<FocusRow> rows;
  for (const UsageRow& from : usage->rows) {
    if (from.chips == UsageAmounts{}) continue;  // corrected to nothing
    FocusRow& row = rows.emplace_back();
    row.day = ParseTime(from.keys[0]).value_or(0) / kNanosPerSecond;
    row.pool = from.keys[1];
    row.team = from.keys[2];
    row.chip = from.keys[3];
    row.catalog_version = std::stoll(from.keys[4]);
    row.category = from.keys[5];
    row.tier = from.keys[6];
    row.chips = from.chips;
    row.h100e = from.h100e;
    const auto price = prices->find({row.catalog_version, row.chip});
    if (price == prices->end()) continue;
    row.chip_provider = price->second.provider;
    row.micro_usd_per_chip_hour = price->second.micro_usd_per_chip_hour;
  }
  return rows;
}

absl::StatusOr<FocusFiles> ExportFocus::Collect() const {
  const auto ledger = OpenLedgerToRead(ledger_);
  if (!ledger.ok()) return ledger.status();
  const auto transaction = ReadTransaction::Begin(**ledger);
  if (!transaction.ok()) return transaction.status();
  FocusAccount account = account_;
  if (account.id.empty()) {
    const auto id = (*ledger)->Text("SELECT lower(hex(ledger_id)) FROM ledger_info");
    if (!id.ok()) return id.status();
    account.id = *id;
  }
  const auto rows = CollectRows(**ledger);
  if (!rows.ok()) return rows.status();
  FocusFiles files;
  for (const FocusRow& row : *rows) {
    const auto line = FocusLine(account, row);
    if (!line.ok()) return line.status();
    (row.micro_usd_per_chip_hour ? files.priced : files.unpriced) += *line;
    if (row.micro_usd_per_chip_hour) continue;
    ++files.unpriced_rows;
    files.unpriced_nanos += row.chips.chips;
  }
  return files;
}

absl::Status ExportFocus::Write(const FocusFiles& files) const {
  const std::string unpriced = file_ + kUnpricedSuffix;
  absl::Status status = WriteFileWhole(file_, files.priced, replace_);
  if (!status.ok()) return status;
  if (files.unpriced_rows > 0) return WriteFileWhole(unpriced, files.unpriced, replace_);
  // That of an earlier export would be taken for a part of this one.
  std::error_code error;
  std::filesystem::remove(unpriced, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} is of an earlier export and cannot be removed: {}",
                                            unpriced, error.message()));
}

int ExportFocus::Run() {
  const auto files = Collect();
  if (!files.ok()) return ExitCode(files.status());
  if (const absl::Status status = Write(*files); !status.ok()) return ExitCode(status);
  if (output_ == OutputFormat::kJson) {
    const absl::Status status =
        Print(Dump(Json{{"file", file_},
                        {"unpriced_rows", files->unpriced_rows},
                        {"unpriced_chip_hours", ChipHoursOfNanos(files->unpriced_nanos)}}));
    if (!status.ok()) return ExitCode(status);
  }
  if (files->unpriced_rows == 0) return kExitOk;
  fmt::print(stderr,
             "fleetmeterctl: the catalog has no price for {} chip-hours; {} of them are in {}{} "
             "and not in {}, since their cost is not known\n",
             ChipHoursOfNanos(files->unpriced_nanos), CountOf(files->unpriced_rows, "row"), file_,
             kUnpricedSuffix, file_);
  return kExitNotAll;
}

}  // namespace

std::unique_ptr<Command> MakeExportFocus(const Connection&) {
  return std::make_unique<ExportFocus>();
}

}  // namespace fleetmeter::ctl
