// report: usage of a span of time, from a ledger's file.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/full_hour_flag.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/usage_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/day_zone_row.h"
#include "daemon/ledger/sqlite/ledger_file.h"

namespace fleetmeter::ctl {
namespace {

absl::StatusOr<std::vector<UsageKey>> ParseKeys(std::string_view text) {
  std::vector<UsageKey> keys;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(name.size() + 1, text.size()));
    const auto key = ParseUsageKey(name);
    if (!key || std::find(keys.begin(), keys.end(), *key) != keys.end()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not one of {}, or there twice", Quoted(name), UsageKeyNames()));
    }
    keys.push_back(*key);
  }
  return keys;
}

constexpr char kReportExamples[] =
    "Examples:\n"
    "  fleetmeterctl report --ledger ledger.db --from 2026-01-01 --to 2026-02-01 --by pool,chip\n"
    "  fleetmeterctl report --ledger ledger.db --from 2026-01-01 --to 2026-04-01 \\\n"
    "                --by quarter,category --output csv";

class Report : public Command {
 public:
  Report()
      : Command(
            {"report"},
            "Show the usage in a span of time from the ledger's file. An hour holds what was used "
            "in it, whenever that was booked. The daemon may be running or not") {}

  void AddFlags(Flags& flags) override;
  int Run() override {
    const auto ledger = OpenLedgerToRead(ledger_);
    if (!ledger.ok()) return ExitCode(ledger.status());
    return PrintAnswer(Answer(**ledger), output_, FormatUsage);
  }

 private:
  absl::StatusOr<UsageAnswer> Answer(Database& ledger) const;

  std::string ledger_;  // its file
  FullHour from_;
  FullHour to_;
  std::optional<DayZone> zone_;  // nothing: the ledger's
  UsageQuestion question_ = {.from = 0, .to = 0, .by = {UsageKey::kPool}};
};

void Report::AddFlags(Flags& flags) {
  flags.SetFooter(kReportExamples);
  AddLedgerPath(flags, &ledger_);
  AddFullHour(flags, "--from",
              "The start of the span: a date (its midnight in the time zone) or an RFC 3339 time",
              &from_);
  AddFullHour(flags, "--to", "The end of the span, which is not part of it", &to_);
  const auto read_zone = [this](const std::string& text) {
    auto zone = DayZone::Load(text);
    if (!zone.ok()) return zone.status();
    zone_ = *std::move(zone);
    return absl::OkStatus();
  };
  flags
      .Add("--time-zone", read_zone,
           "The time zone whose days and quarters are meant, such as Europe/Berlin. The default is "
           "that of the ledger, which is the daemon's outcomes.time_zone. Days of another zone "
           "than UTC are told as long as hours are kept")
      .ValueName("ZONE");
  const auto read = [this](const std::string& text) {
    auto keys = ParseKeys(text);
    if (!keys.ok()) return keys.status();
    question_.by = *std::move(keys);
    return absl::OkStatus();
  };
  flags
      .Add("--by", read,
           "The keys by which usage is added up, one row for each combination: " + UsageKeyNames())
      .ValueName("KEY,...")
      .Default("pool");
  flags.AddSwitch(
      "--by-booking", [this] { question_.time = UsageTime::kBooked; },
      "Count usage in the hour in which it was booked. Without it, usage counts in the hour in "
      "which it was used. The two differ for history, and for reports that came too late for "
      "their own hour");
  AddOutput(flags, &output_);
}

absl::StatusOr<UsageAnswer> Report::Answer(Database& ledger) const {
  UsageQuestion question = question_;
  if (zone_) {
    question.zone = *zone_;
  } else {
    auto zone = ReadDayZone(ledger);
    if (!zone.ok()) return zone.status();
    question.zone = *std::move(zone);
  }
  const auto at = [&](const FullHour& time) {
    return time.is_date ? question.zone.BeginOf(time.unix_seconds) : time.unix_seconds;
  };
  question.from = at(from_);
  question.to = at(to_);
  return ReadUsage(ledger, question);
}

}  // namespace

std::unique_ptr<Command> MakeReport(const Connection&) { return std::make_unique<Report>(); }

}  // namespace fleetmeter::ctl
