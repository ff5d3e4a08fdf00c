#include "daemon/ctl/model_file_flags.h"

#include <utility>

#include "daemon/config/load_framework.h"

namespace fleetmeter::ctl {
namespace {

void AddColumn(Flags& flags, const std::string& name, const std::string& holds,
               std::string* column) {
  flags.Add(name, column, "The name of the column that holds " + holds)
      .ValueName("COLUMN")
      .ShowDefault();
}

}  // namespace

void AddModelColumns(Flags& flags, imports::ModelColumns* columns) {
  AddColumn(flags, "--model-column", "models", &columns->model);
  AddColumn(flags, "--date-column", "dates", &columns->date);
  AddColumn(flags, "--family-column", "families of models", &columns->family);
}

void AddFlopColumn(Flags& flags, std::string* column) {
  AddColumn(flags, "--flop-column", "the FLOP of a training run", column);
}

void AddFlopRule(Flags& flags, std::string* framework) {
  flags
      .Add("--framework", framework,
           "The file of a framework, whose peak FLOP/s and MFU convert FLOP to hours")
      .ValueName("FILE");
}

absl::StatusOr<std::optional<framework::Training>> LoadFlopRule(const std::string& framework) {
  if (framework.empty()) return std::nullopt;
  auto document = LoadFramework(framework);
  if (!document.ok()) return document.status();
  return std::move(document->assumptions.training);
}

}  // namespace fleetmeter::ctl
