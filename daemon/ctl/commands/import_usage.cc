// import usage: chip-time of times before the meter.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/usage_amounts.h"
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
  void AddOwnFlags(Flags& flags) override {
    std::vector<std::string> units;
    for (const imports::AmountUnit& unit : imports::kAmountUnits) units.push_back(unit.name);
    flags
        .Add(
            "--unit", [this](const std::string& name) { return TakeUnit(name); },
            "The unit of all amounts of chip-time in the file. The default is hours or seconds, "
            "as the names of the columns say")
        .ValueName("UNIT")
        .OneOf(units);
    flags
        .AddList(
            "--accept", [this](const std::vector<std::string>& names) { return TakeDoubts(names); },
            "Take the file in spite of a doubt about its amounts, which has this name: "
            "too_much_chip_time, too_little_chip_time, too_little_busy_time, rows_twice or "
            "job_steps. May be given several times")
        .ValueName("DOUBT")
        .OneValueEach();
  }
  absl::Status TakeUnit(const std::string& name) {
    const auto* unit = std::find_if(imports::kAmountUnits.begin(), imports::kAmountUnits.end(),
                                    [&](const auto& each) { return name == each.name; });
    if (unit != imports::kAmountUnits.end()) unit_ = *unit;
    return absl::OkStatus();
  }
  absl::Status TakeDoubts(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto& known = imports::kAmountDoubts;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return absl::InvalidArgumentError(fmt::format("{} is no doubt; expected one of {}",
                                                      Quoted(name), fmt::join(known, ", ")));
      }
      accepted_.insert(name);
    }
    return absl::OkStatus();
  }
  std::vector<imports::AmountDoubt> DoubtsAbout(const imports::ImportBatch& file,
                                                const ReportAnswer& told) const override {
    auto doubts = imports::DoubtsOf(file, told.declared_chips);
    std::erase_if(doubts, [&](const imports::AmountDoubt& doubt) {
      return accepted_.contains(std::string(doubt.name));
    });
    return doubts;
  }
  absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                   const Rules& rules) const override {
    return imports::MakeUsageReports(csv, {.source = rules.source,
                                           .zone = rules.zone,
                                           .memory = {},
                                           .unit = unit_,
                                           .on_arranged = rules.on_arranged});
  }
  bool RowsHaveSources(const CsvReader& csv) const override {
    return csv.Column("source") != CsvReader::kAbsent;
  }

  std::optional<imports::AmountUnit> unit_;
  std::set<std::string> accepted_;  // names of doubts
};

}  // namespace

std::unique_ptr<Command> MakeImportUsage(const Connection& connection) {
  return std::make_unique<ImportUsage>(connection);
}

}  // namespace fleetmeter::ctl
