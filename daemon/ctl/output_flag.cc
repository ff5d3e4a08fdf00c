#include "daemon/ctl/output_flag.h"

#include <map>
#include <string>
#include <string_view>

namespace fleetmeter::ctl {
namespace {

constexpr char kOutputNames[] = "--output,-o";
constexpr char kOutputHelp[] = "The format of the answer. With json, errors are JSON, too";

absl::Status ReadFormat(const std::string& name, OutputFormat* output) {
  static const std::map<std::string, OutputFormat> kFormats = {{"table", OutputFormat::kTable},
                                                               {"text", OutputFormat::kTable},
                                                               {"json", OutputFormat::kJson},
                                                               {"csv", OutputFormat::kCsv}};
  *output = kFormats.at(name);
  return absl::OkStatus();
}

}  // namespace

void AddOutput(Flags& flags, OutputFormat* output) {
  const auto read = [output](const std::string& name) { return ReadFormat(name, output); };
  flags.Add(kOutputNames, read, kOutputHelp)
      .ValueName("FORMAT")
      .OneOf({"table", "json", "csv"})
      .Default("table");
}

void AddTextOutput(Flags& flags, OutputFormat* output) {
  const auto read = [output](const std::string& name) { return ReadFormat(name, output); };
  flags.Add(kOutputNames, read, kOutputHelp)
      .ValueName("FORMAT")
      .OneOf({"text", "json"})
      .Default("text");
}

bool AsksForJson(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") return false;
    if (word == "--output=json" || word == "-ojson" || word == "-o=json") return true;
    const bool names_output = word == "--output" || word == "-o";
    if (names_output && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
  }
  return false;
}

}  // namespace fleetmeter::ctl
