// import inference: what was served and earned.
#include <fmt/format.h>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/inference_reports.h"

namespace fleetmeter::ctl {
namespace {

void AddLength(Flags& flags, const std::string& name, const std::string& help, int64_t longest,
               bool divides_day, std::optional<int64_t>* out) {
  const auto read = [=](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < kNanosPerSecond || *nanos > longest ||
        (divides_day && kDay % *nanos != 0)) {
      return absl::InvalidArgumentError(fmt::format("{} is not a length from 1s to {}{}",
                                                    Quoted(text), FormatDuration(longest),
                                                    divides_day ? " that divides a day" : ""));
    }
    *out = nanos;
    return absl::OkStatus();
  };
  flags.Add(name, read, help).ValueName("DURATION");
}

class ImportInference : public ImportCommand {
 public:
  explicit ImportInference(const Connection& connection)
      : ImportCommand(ImportKind::kInference,
                      "Import the requests and tokens that were served, and what they earned",
                      "start, model, requests, input_tokens and output_tokens. Optional columns: "
                      "end, customer_tier, cached_input_tokens, revenue_usd (default: by the "
                      "daemon's price book), pool, workload. Rows with the same start, model, "
                      "tier, pool and workload are added up",
                      connection) {}

 private:
  void AddOwnFlags(Flags& flags) override {
    AddLength(
        flags, "--window",
        "How long the windows are, for files without a column end. The default is the shortest "
        "time between two starts. If every window starts with a month, it is the fewest "
        "calendar months between two starts",
        imports::kLongestOutcomeWindow, false, &window_nanos_);
    AddLength(
        flags, "--every",
        "Add up the rows within windows of this length, such as 1h, for files with one row for "
        "each request",
        kDay, true, &every_nanos_);
  }
  absl::StatusOr<imports::ImportBatch> MakeReports(CsvReader& csv,
                                                   const Rules& rules) const override {
    return imports::MakeInferenceReports(csv, {.source = rules.source,
                                               .window_nanos = window_nanos_,
                                               .every_nanos = every_nanos_,
                                               .corrects = corrects(),
                                               .zone = rules.zone});
  }

  std::optional<int64_t> window_nanos_;
  std::optional<int64_t> every_nanos_;
};

}  // namespace

std::unique_ptr<Command> MakeImportInference(const Connection& connection) {
  return std::make_unique<ImportInference>(connection);
}

}  // namespace fleetmeter::ctl
