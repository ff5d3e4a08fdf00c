#include "daemon/ctl/output_flag.h"

#include <map>
#include <string>

namespace fleetmeter::ctl {

void AddOutput(Flags& flags, OutputFormat* output) {
  static const std::map<std::string, OutputFormat> kFormats = {
      {"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}, {"csv", OutputFormat::kCsv}};
  const auto read = [output](const std::string& name) {
    *output = kFormats.at(name);
    return absl::OkStatus();
  };
  flags.Add("--output,-o", read, "The format of the answer")
      .ValueName("FORMAT")
      .OneOf({"table", "json", "csv"})
      .Default("table");
}

}  // namespace fleetmeter::ctl
