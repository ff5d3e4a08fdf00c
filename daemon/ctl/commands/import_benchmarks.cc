// import benchmarks: scores of models.

#include "daemon/config/load_outcomes.h"
#include "daemon/ctl/import/benchmarks_reports.h"
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/model_file_flags.h"

namespace fleetmeter::ctl {
namespace {

class ImportBenchmarks : public ImportCommand {
 public:
  explicit ImportBenchmarks(const Connection& connection)
      : ImportCommand(ImportKind::kBenchmarks, "Import the scores of models",
                      "model, date, benchmark and score, and optionally family, version and source "
                      "(who measured it); or with one row for each model and the suite's columns",
                      connection) {}

 private:
  void AddOwnFlags(Flags& flags) override {
    flags.Add("--suite", &suite_, "The benchmark suite, a YAML file").ValueName("FILE").Required();
    AddModelColumns(flags, &columns_);
  }
  absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                   const Rules& rules) const override {
    const auto suite = LoadBenchmarkSuite(suite_);
    if (!suite.ok()) return suite.status();
    return imports::MakeBenchmarksReports(csv, *suite,
                                          {.source = rules.source, .columns = columns_});
  }

  std::string suite_;
  imports::ModelColumns columns_;
};

}  // namespace

std::unique_ptr<Command> MakeImportBenchmarks(const Connection& connection) {
  return std::make_unique<ImportBenchmarks>(connection);
}

}  // namespace fleetmeter::ctl
