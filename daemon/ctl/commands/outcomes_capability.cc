// outcomes capability: what models can do, and what an hour of training brings. Of the daemon's
// books, of a ledger's file, or of CSV files.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/import/file_form_flags.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/ctl/import/read_training.h"
#include "daemon/ctl/ledger_outcomes.h"
#include "daemon/ctl/model_file_flags.h"
#include "daemon/ctl/outcomes_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/outcomes_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/refused_rows.h"
#include "daemon/serve/query/outcome_messages.h"

namespace fleetmeter::ctl {
namespace {

class OutcomesCapability : public Command {
 public:
  explicit OutcomesCapability(const Connection& connection)
      : Command({"outcomes", "capability"},
                "Show the capability of models, the saturation of benchmarks, and the capability "
                "gained per hour of training by quarter. The daemon is asked, unless --ledger or "
                "--benchmarks names another source"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  absl::Status CheckFlags() const override;
  std::optional<std::string> CalledAddress() const override {
    return FromDaemon() ? std::optional(connection_.address) : std::nullopt;
  }
  int Run() override {
    const int printed = PrintAnswer(Ask(), output_, FormatCapability);  // counts refused rows
    return WithRefused(printed, refused_rows_);
  }

 private:
  void AddFiles(Flags& flags);
  bool FromDaemon() const { return ledger_.empty() && benchmarks_.empty(); }
  v1::GetCapabilityRequest Request() const;
  absl::StatusOr<v1::CapabilityReport> Ask();
  absl::StatusOr<v1::CapabilityReport> WorkOut();
  absl::StatusOr<std::vector<outcomes::Result>> Results(const outcomes::BenchmarkSuite& suite);
  absl::StatusOr<std::vector<imports::TrainingRow>> Training();
  int64_t LastQuarter(const std::vector<outcomes::Result>& results) const;

  const Connection& connection_;
  std::string ledger_;  // a ledger's file
  std::string suite_;
  std::string benchmarks_;  // CSV
  CsvForm form_;            // of both
  std::string training_;    // CSV; empty: none
  std::string framework_;   // how FLOP become hours; empty: not known
  imports::ModelColumns columns_;
  std::string flop_column_ = "flop";
  std::optional<int64_t> until_unix_seconds_;
  std::string refused_;  // where refused rows go; empty: nowhere
  size_t refused_rows_ = 0;
};

void OutcomesCapability::AddFlags(Flags& flags) {
  AddOutcomesLedger(flags, &ledger_);
  AddFiles(flags);
  AddFileForm(flags, &form_);
  AddFlopRule(flags, &framework_);
  AddModelColumns(flags, &columns_);
  AddFlopColumn(flags, &flop_column_);
  AddOutcomesTime(flags, "--until",
                  "A day of the last quarter to look at. The default is the present quarter, and "
                  "for CSV files the quarter of the last result",
                  &until_unix_seconds_);
  AddOutcomesRefused(flags, &refused_);
  AddOutput(flags, &output_);
}

void OutcomesCapability::AddFiles(Flags& flags) {
  flags
      .Add("--suite", &suite_,
           "The benchmark suite, a YAML file. --ledger and --benchmarks need it")
      .ValueName("FILE");
  flags
      .Add("--benchmarks", &benchmarks_,
           "A CSV file with the columns model, date, benchmark and score, or with one row "
           "for each model and the suite's columns")
      .ValueName("FILE");
  flags
      .Add("--training", &training_,
           "A CSV file with the columns model, date or start, and h100e_hours or FLOP. With the "
           "column end, the hours of a row are shared by time over the quarters that it has. It "
           "may be the same file")
      .ValueName("FILE");
}

absl::Status OutcomesCapability::CheckFlags() const {
  if (!benchmarks_.empty() && !ledger_.empty()) {
    return absl::InvalidArgumentError("--benchmarks and --ledger: expected one of the two");
  }
  if (FromDaemon() != suite_.empty()) {
    return absl::InvalidArgumentError(
        suite_.empty() ? "--benchmarks and --ledger take --suite"
                       : "--suite takes --benchmarks or --ledger: a daemon has a suite of its own");
  }
  if (benchmarks_.empty() && !(training_.empty() && framework_.empty())) {
    return absl::InvalidArgumentError("--training and --framework take --benchmarks");
  }
  return benchmarks_.empty() ? RefuseFileForm(form_, "--benchmarks") : absl::OkStatus();
}

absl::StatusOr<v1::CapabilityReport> OutcomesCapability::Ask() {
  if (!benchmarks_.empty()) return WorkOut();
  if (!ledger_.empty()) return CapabilityOfLedger(ledger_, suite_, Request());
  return QueryClient(connection_).GetCapability(Request());
}

v1::GetCapabilityRequest OutcomesCapability::Request() const {
  v1::GetCapabilityRequest request;
  if (until_unix_seconds_) request.set_until_unix_seconds(*until_unix_seconds_);
  return request;
}

// --- By CSV files ------------------------------------------------------------------------------

absl::StatusOr<std::vector<outcomes::Result>> OutcomesCapability::Results(
    const outcomes::BenchmarkSuite& suite) {
  auto csv = CsvReader::Open(benchmarks_, form_);
  if (!csv.ok()) return csv.status();
  const auto rows = imports::ReadBenchmarks(*csv, suite, columns_);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(benchmarks_, rows->refused, refused_, true); !kept.ok()) return kept;
  refused_rows_ += rows->refused.size();
  std::vector<outcomes::Result> results;
  for (const auto& row : rows->rows) results.insert(results.end(), row.begin(), row.end());
  return results;
}

absl::StatusOr<std::vector<imports::TrainingRow>> OutcomesCapability::Training() {
  if (training_.empty()) return std::vector<imports::TrainingRow>();
  auto csv = CsvReader::Open(training_, form_);
  if (!csv.ok()) return csv.status();
  const auto rule = LoadFlopRule(framework_);
  if (!rule.ok()) return rule.status();
  auto rows = imports::ReadTraining(*csv, columns_, flop_column_, *rule);
  if (!rows.ok()) return rows.status();
  if (auto kept = KeepRefused(training_, rows->refused, refused_, false); !kept.ok()) return kept;
  refused_rows_ += rows->refused.size();
  return std::move(rows->rows);
}

int64_t OutcomesCapability::LastQuarter(const std::vector<outcomes::Result>& results) const {
  if (until_unix_seconds_) return imports::QuarterAt(*until_unix_seconds_);
  int64_t last = 0;
  for (const outcomes::Result& result : results) last = std::max(last, result.quarter);
  return last;
}

absl::StatusOr<v1::CapabilityReport> OutcomesCapability::WorkOut() {
  const auto suite = LoadBenchmarkSuite(suite_);
  if (!suite.ok()) return suite.status();
  auto results = Results(*suite);
  if (!results.ok()) return results.status();
  const auto training = Training();
  if (!training.ok()) return training.status();
  if (results->empty() && !until_unix_seconds_) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: has no result of suite {}; expected at least one", benchmarks_, suite->name));
  }
  const int64_t last = LastQuarter(*results);
  std::erase_if(*results, [last](const outcomes::Result& result) { return result.quarter > last; });
  return CapabilityMessage(
      *suite,
      outcomes::ViewCapability(*suite, {.results = *std::move(results),
                                        .hours_by_model = imports::HoursByModel(*training, last),
                                        .hours_by_quarter = imports::HoursByQuarter(*training),
                                        .last_quarter = last}));
}

}  // namespace

std::unique_ptr<Command> MakeOutcomesCapability(const Connection& connection) {
  return std::make_unique<OutcomesCapability>(connection);
}

}  // namespace fleetmeter::ctl
