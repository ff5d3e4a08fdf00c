#include "daemon/ctl/model_file_flags.h"

#include <utility>

#include "daemon/config/load_framework.h"

namespace fleetmeter::ctl {
namespace {

void AddColumn(Flags& flags, const std::string& name, const std::string& help,
               std::string* column) {
  flags.Add(name, column, help).ValueName("COLUMN").ShowDefault();
}

}  // namespace

void AddModelColumns(Flags& flags, const std::string& help, imports::ModelColumns* columns) {
  AddColumn(flags, "--model-column", help, &columns->model);
  AddColumn(flags, "--date-column", help, &columns->date);
  AddColumn(flags, "--family-column", help, &columns->family);
}

void AddFlopColumn(Flags& flags, const std::string& help, std::string* column) {
  AddColumn(flags, "--flop-column", help, column);
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
