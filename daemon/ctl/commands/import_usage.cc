// import usage: chip-time of times before the meter.
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/usage_reports.h"

namespace fleetmeter::ctl {
namespace {

class ImportUsage : public ImportCommand {
 public:
  explicit ImportUsage(const Connection& connection)
      : ImportCommand(
            ImportKind::kUsage, "Import chip-time of the time before the meter ran",
            "start, end (or length), chip and chip_hours (or chip_seconds). Optional columns: "
            "source, state (default assigned), pool, team, workload, workload_type, model, run, "
            "signal, busy_chip_hours, productive_chip_hours (or _seconds). The rows of one source "
            "and window make one report. Rows of more than a day are cut at midnight. Jobs of "
            "one source that ran side by side are cut at full hours",
            connection) {}

 private:
  absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                   const Rules& rules) const override {
    return imports::MakeUsageReports(csv, {.source = rules.source,
                                           .zone = rules.zone,
                                           .memory = {},
                                           .on_arranged = rules.on_arranged});
  }
  bool RowsHaveSources(const CsvReader& csv) const override {
    return csv.Column("source") != CsvReader::kAbsent;
  }
};

}  // namespace

std::unique_ptr<Command> MakeImportUsage(const Connection& connection) {
  return std::make_unique<ImportUsage>(connection);
}

}  // namespace fleetmeter::ctl
