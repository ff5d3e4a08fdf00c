// export openmetrics: the history of a ledger's file, for Prometheus to take in.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/export_outcomes.h"
#include "daemon/ctl/export_usage.h"
#include "daemon/ctl/full_hour_flag.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/ledger_outcomes.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"
#include "daemon/ledger/read/read_allocations.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/view/outcome_review.h"

namespace fleetmeter::ctl {
namespace {

class ExportOpenMetrics : public Command {
 public:
  ExportOpenMetrics()
      : Command({"export", "openmetrics"},
                "Write the history in a ledger's file as OpenMetrics text, by the time of its use, "
                "for `promtool tsdb create-blocks-from openmetrics`. The daemon may be running or "
                "not") {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  int Run() override {
    OpenMetricsHistory history(labels_);
    absl::Status status = Collect(&history);
    if (!status.ok()) return ExitCode(status);
    if (file_.empty()) return ExitCode(history.Write(Print));
    const auto write = [&](const TextSink& sink) { return history.Write(sink); };
    status = WriteFileWhole(file_, write, replace_);
    if (!status.ok() || output_ != OutputFormat::kJson) return ExitCode(status);
    return ExitCode(Print(Dump(Json{{"ledger", ledger_}, {"file", file_}})));
  }

 private:
  void AddFiles(Flags& flags);
  void AddStep(Flags& flags);
  void AddLabel(Flags& flags);
  absl::Status Collect(OpenMetricsHistory* history) const;
  absl::StatusOr<std::shared_ptr<const ReferenceData>> LoadRules() const;

  std::string ledger_;  // its file
  ExportTimes times_ = {.from = 0, .to = 0, .step = kSecondsPerHour};
  OpenMetricsHistory::Labels labels_ = {{"job", "fleetmeter"}};
  FullHour from_;
  FullHour to_;
  std::string prices_;  // a price book's file; empty: none
  std::string suite_;   // a benchmark suite's file; empty: none
  std::string file_;    // empty: standard output
  bool replace_ = false;
};

void ExportOpenMetrics::AddFlags(Flags& flags) {
  AddLedgerPath(flags, &ledger_);
  AddFullHour(flags, "--from", "The first time that is written: a date (UTC) or an RFC 3339 time",
              &from_);
  AddFullHour(flags, "--to",
              "The last time that is written. What comes after the last commit of the ledger is "
              "left out",
              &to_);
  AddStep(flags);
  AddLabel(flags);
  AddFiles(flags);
  AddTextOutput(flags, &output_);
}

void ExportOpenMetrics::AddStep(Flags& flags) {
  const auto read = [this](const std::string& text) {
    const auto nanos = ParseDuration(text);
    const int64_t step = nanos ? *nanos / kNanosPerSecond : 0;
    if (!nanos || *nanos % kHour != 0 || step <= 0 ||
        (kSecondsPerDay % step != 0 && step % kSecondsPerDay != 0)) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not a number of hours that divides a day, nor a number of days; "
                      "expected 1h, 6h, 1d or the like",
                      Quoted(text)));
    }
    times_.step = step;
    return absl::OkStatus();
  };
  flags
      .Add("--step", read,
           "The time between two values of a series. Gauges are averages over it. If the "
           "ledger keeps only days of some usage in the time, the step has to be days")
      .ValueName("DURATION")
      .Default("1h");
}

void ExportOpenMetrics::AddLabel(Flags& flags) {
  const auto read = [this](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      std::pair<std::string, std::string> label;
      if (!ParseLabel(text, &label)) {
        return absl::InvalidArgumentError(
            fmt::format("{} is not a label such as cluster=east", Quoted(text)));
      }
      std::erase_if(labels_, [&](const auto& known) { return known.first == label.first; });
      labels_.push_back(std::move(label));
    }
    return absl::OkStatus();
  };
  flags
      .AddList("--label", read,
               "A label that every series gets, like those that a scrape adds. Without the label "
               "instance, the series stay apart from scraped ones")
      .OneValueEach()
      .ValueName("NAME=VALUE")
      .Default("job=fleetmeter");
}

void ExportOpenMetrics::AddFiles(Flags& flags) {
  flags.Add("--prices", &prices_, "The price book, a YAML file. It is needed if the daemon has one")
      .ValueName("FILE");
  flags
      .Add("--suite", &suite_,
           "The benchmark suite, a YAML file. Without it no capability is written")
      .ValueName("FILE");
  flags.Add("--to-file", &file_, "Write to this file. The default is standard output")
      .ValueName("FILE");
  flags.AddSwitch("--force", &replace_, "Replace the file if it is there");
}

absl::Status ExportOpenMetrics::CheckFlags() const {
  if (output_ == OutputFormat::kJson && file_.empty()) {
    return absl::InvalidArgumentError(
        "--output json tells what was written where, so it takes --to-file FILE; the history "
        "itself is OpenMetrics text");
  }
  if (from_.unix_seconds >= to_.unix_seconds) {
    return absl::InvalidArgumentError("--to is not after --from; expected a later time");
  }
  if ((to_.unix_seconds - from_.unix_seconds) % times_.step != 0) {
    return absl::InvalidArgumentError(
        "the time from --from to --to is not a whole number of steps; expected other bounds or "
        "another --step");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const ReferenceData>> ExportOpenMetrics::LoadRules() const {
  auto reference = std::make_shared<ReferenceData>();
  if (!prices_.empty()) {
    auto prices = LoadPriceBook(prices_);
    if (!prices.ok()) return prices.status();
    reference->outcomes.prices = *std::move(prices);
  }
  if (!suite_.empty()) {
    auto suite = LoadBenchmarkSuite(suite_);
    if (!suite.ok()) return suite.status();
    reference->outcomes.suite = *std::move(suite);
  }
  return reference;
}

absl::Status ExportOpenMetrics::Collect(OpenMetricsHistory* history) const {
  const auto rules = LoadRules();
  if (!rules.ok()) return rules.status();
  const auto ledger = OpenLedgerToRead(ledger_);
  if (!ledger.ok()) return ledger.status();
  const auto transaction = ReadTransaction::Begin(**ledger);
  if (!transaction.ok()) return transaction.status();
  ExportTimes times = times_;
  times.from = from_.unix_seconds;
  const auto known = ReadPlanTerms(**ledger, times.from, to_.unix_seconds);
  if (!known.ok()) return known.status();
  times.to = times.from + std::max<int64_t>(known->to - times.from, 0) / times.step * times.step;
  absl::Status status = CheckPriced(**ledger, (*rules)->outcomes);
  if (status.ok()) status = ExportUsage(**ledger, times, history);
  if (status.ok()) status = ExportOutcomes(**ledger, *rules, times, history);
  return status;
}

}  // namespace

std::unique_ptr<Command> MakeExportOpenMetrics(const Connection&) {
  return std::make_unique<ExportOpenMetrics>();
}

}  // namespace fleetmeter::ctl
