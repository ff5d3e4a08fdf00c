#include "daemon/ctl/model_file_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "daemon/config/load_framework.h"

namespace fleetmeter::ctl {
namespace {

void AddColumn(CLI::App& app, const std::string& name, const std::string& help,
               std::string* column) {
  app.add_option(name, *column, help)->type_name("COLUMN")->capture_default_str();
}

}  // namespace

void AddModelColumns(CLI::App& app, const std::string& help, imports::ModelColumns* columns) {
  AddColumn(app, "--model-column", help, &columns->model);
  AddColumn(app, "--date-column", help, &columns->date);
  AddColumn(app, "--family-column", help, &columns->family);
}

void AddFlopColumn(CLI::App& app, const std::string& help, std::string* column) {
  AddColumn(app, "--flop-column", help, column);
}

void AddFlopRule(CLI::App& app, std::string* framework) {
  app.add_option("--framework", *framework,
                 "The file of a framework, whose peak FLOP/s and MFU convert FLOP to hours")
      ->type_name("FILE");
}

absl::StatusOr<std::optional<framework::Training>> LoadFlopRule(const std::string& framework) {
  if (framework.empty()) return std::nullopt;
  auto document = LoadFramework(framework);
  if (!document.ok()) return document.status();
  return std::move(document->assumptions.training);
}

}  // namespace fleetmeter::ctl
