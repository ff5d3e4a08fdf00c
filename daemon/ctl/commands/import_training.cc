// import training: what models took to train.
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/training_reports.h"
#include "daemon/ctl/model_file_flags.h"

namespace fleetmeter::ctl {
namespace {

class ImportTraining : public ImportCommand {
 public:
  explicit ImportTraining(const Connection& connection)
      : ImportCommand(
            ImportKind::kTraining, "Import what models took to train",
            "model, date (or start), and h100e_hours or FLOP. Optional columns: end (default: the "
            "end of the day), family, run (default: the model), phase (pre or post, default pre), "
            "pool. The reports come from the source SOURCE/RUN/PHASE",
            connection) {}

 private:
  void AddOwnFlags(Flags& flags) override {
    AddFlopRule(flags, &framework_);
    AddModelColumns(flags, &columns_);
    AddFlopColumn(flags, &flop_column_);
  }
  absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                   const Rules& rules) const override {
    auto rule = LoadFlopRule(framework_);
    if (!rule.ok()) return rule.status();
    return imports::MakeTrainingReports(csv, {.source = rules.source,
                                              .columns = columns_,
                                              .flop_column = flop_column_,
                                              .rule = *std::move(rule),
                                              .zone = rules.zone});
  }

  imports::ModelColumns columns_;
  std::string flop_column_ = "flop";
  std::string framework_;  // how FLOP become hours; empty: not known
};

}  // namespace

std::unique_ptr<Command> MakeImportTraining(const Connection& connection) {
  return std::make_unique<ImportTraining>(connection);
}

}  // namespace fleetmeter::ctl
