// plan compile: a scenario as a plan that fleetmeterd loads. Works without a daemon.
#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/plan_source.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kPlanCompileExamples[] =
    "Examples:\n"
    "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml --scenario recommendation\n"
    "  fleetmeterctl plan compile --plan deploy/plans/framework.yaml \\\n"
    "      --scenario revenue-priority --set tiers.buffer=20% --version 2 \\\n"
    "      --effective-from 2026-04-01 --to revenue-priority.yaml";

absl::Status ReadName(const std::string& text, std::string* out) {
  if (!IsName(text)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a name; expected letters, digits and . _ / -", Quoted(text)));
  }
  *out = text;
  return absl::OkStatus();
}

absl::Status ReadTime(const std::string& text, std::string* out) {
  if (!ParseTime(text)) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not a time; expected a date such as 2026-01-01 or an RFC 3339 "
                    "time such as 2026-01-01T00:00:00Z",
                    Quoted(text)));
  }
  *out = text;
  return absl::OkStatus();
}

class PlanCompile : public Command {
 public:
  PlanCompile()
      : Command({"plan", "compile"},
                "Make a plan that fleetmeterd loads out of a scenario of a framework, and check it "
                "as the daemon does") {}

  void AddFlags(Flags& flags) override;
  int Run() override;

 private:
  void AddHead(Flags& flags);
  int TellJson(const CompiledPlan& plan) const;

  CompileRequest request_;
  std::string to_;  // empty: standard output
  bool force_ = false;
};

void PlanCompile::AddFlags(Flags& flags) {
  flags.SetFooter(kPlanCompileExamples);
  AddPlanFile(flags, "The file of the framework", &request_.framework).Required();
  AddScenario(flags, "The scenario to make a plan of", &request_.scenario).Required();
  AddSet(flags, &request_.set);
  AddCatalog(flags, &request_.catalog);
  AddHead(flags);
  Flag to = flags
                .Add("--to", &to_,
                     "Write the plan to this new file instead of standard output. "
                     "The file is written completely or not at all")
                .ValueName("FILE");
  flags.AddSwitch("--force", &force_, "Let --to replace a file that exists").Needs(to);
  AddTextOutput(flags, &output_);
}

// What a plan begins with.
void PlanCompile::AddHead(Flags& flags) {
  flags
      .Add(
          "--name", [this](const std::string& text) { return ReadName(text, &request_.name); },
          "The name of the plan; the default is the name of the scenario")
      .ValueName("NAME");
  flags
      .Add("--version", &request_.version,
           "The version of the plan; the default is the version of the framework")
      .ValueName("N")
      .InRange(uint64_t{1}, uint64_t{UINT32_MAX});
  flags
      .Add(
          "--effective-from",
          [this](const std::string& text) { return ReadTime(text, &request_.effective_from); },
          "When the plan takes effect: a date (UTC) or an RFC 3339 time. The default is the "
          "framework's")
      .ValueName("TIME");
}

int PlanCompile::Run() {
  const auto plan = CompilePlan(request_);
  if (!plan.ok()) return ExitCode(plan.status());
  const bool json = output_ == OutputFormat::kJson;
  if (!json && !plan->warning.empty()) Warn(Printable(plan->warning));
  if (!json && to_.empty()) return ExitCode(Print(plan->yaml));
  if (!to_.empty()) {
    if (absl::Status written = WriteFileWhole(to_, plan->yaml, force_); !written.ok()) {
      return ExitCode(written);
    }
  }
  if (json) return TellJson(*plan);
  return ExitCode(Print(fmt::format("{}: plan {} version {}\n", Printable(to_), plan->plan.name,
                                    plan->plan.version)));
}

int PlanCompile::TellJson(const CompiledPlan& plan) const {
  Json out;
  out["plan"] = plan.plan.name;
  out["version"] = plan.plan.version;
  out["file"] = to_.empty() ? Json(nullptr) : Json(to_);
  out["warning"] = plan.warning.empty() ? Json(nullptr) : Json(plan.warning);
  out["yaml"] = plan.yaml;
  return ExitCode(Print(Dump(out)));
}

}  // namespace

std::unique_ptr<Command> MakePlanCompile(const Connection&) {
  return std::make_unique<PlanCompile>();
}

}  // namespace fleetmeter::ctl
