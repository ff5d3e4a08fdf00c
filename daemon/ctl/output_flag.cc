#include "daemon/ctl/output_flag.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace fleetmeter::ctl {

void AddOutput(CLI::App& app, OutputFormat* output) {
  static const std::map<std::string, OutputFormat> kFormats = {
      {"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}, {"csv", OutputFormat::kCsv}};
  const auto read = [output](const std::string& name) { *output = kFormats.at(name); };
  app.add_option_function<std::string>("--output,-o", read, "The format of the answer")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->default_str("table");
}

}  // namespace fleetmeter::ctl
