// plan show: the daemon's plan, or what a file of a framework or of a plan says.
#include <fmt/format.h>

#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/framework_source.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/plan_source.h"
#include "daemon/ctl/print/framework_output.h"
#include "daemon/ctl/print/plan_output.h"
#include "daemon/ctl/print_answer.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/wide_flag.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kPlanShowExamples[] =
    "Examples:\n"
    "  fleetmeterctl plan show\n"
    "  fleetmeterctl plan show --plan deploy/plans/framework.yaml\n"
    "  fleetmeterctl plan show --plan deploy/plans/framework.yaml --scenario revenue-priority\n"
    "  fleetmeterctl plan show --plan deploy/plans/example.yaml \\\n"
    "      --catalog deploy/catalog/default.yaml";

class PlanShow : public Command {
 public:
  explicit PlanShow(const Connection& connection)
      : Command({"plan", "show"},
                "Show the daemon's plan in force, or with --plan the tables of a framework or a "
                "plan from a file. Tables of a plan have the columns that matter most, as many as "
                "fit into the terminal, or into 80 characters where there is no terminal"),
        connection_(connection) {}

  void AddFlags(Flags& flags) override;
  std::optional<std::string> CalledAddress() const override {
    return file_.empty() ? std::optional(connection_.address) : std::nullopt;
  }
  int Run() override {
    if (!file_.empty()) return ShowFile();
    return Show(QueryClient(connection_).GetPlan());
  }

 private:
  int Show(const absl::StatusOr<v1::GetPlanResponse>& plan) const;
  int ShowFile() const;
  absl::StatusOr<v1::GetPlanResponse> ShowPlan() const;

  const Connection& connection_;
  std::string file_;  // a framework's or a plan's; empty: the daemon is asked
  std::vector<std::string> set_;
  std::string scenario_;  // empty: all
  std::string catalog_;   // empty: the one that the framework names
  WideFlag wide_;
};

void PlanShow::AddFlags(Flags& flags) {
  flags.SetFooter(kPlanShowExamples);
  Flag file = AddPlanFile(
      flags,
      "The file of a framework or of a plan. Without it, the daemon is asked for its plan in force",
      &file_);
  AddSet(flags, &set_).Needs(file);
  AddScenario(flags, "Show only this scenario of the framework", &scenario_).Needs(file);
  AddCatalog(flags, &catalog_).Needs(file);
  wide_.AddTo(flags);
  AddOutput(flags, &output_);
}

int PlanShow::Show(const absl::StatusOr<v1::GetPlanResponse>& plan) const {
  return PrintAnswer(
      plan, output_,
      [width = wide_.Width()](const v1::GetPlanResponse& shown, OutputFormat format) {
        return FormatPlan(shown, format, width);
      });
}

int PlanShow::ShowFile() const {
  const auto kind = KindOf(file_);
  if (!kind.ok()) return ExitCode(kind.status());
  if (*kind == PlanFileKind::kPlan) return Show(ShowPlan());
  const auto work = LoadFrameworkWork(file_, set_);
  if (!work.ok()) return ExitCode(work.status());
  return PrintAnswer(ShowFramework(*work, scenario_), output_, FormatFramework);
}

absl::StatusOr<v1::GetPlanResponse> PlanShow::ShowPlan() const {
  if (!set_.empty() || !scenario_.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: is an allocation plan; --set and --scenario expect a framework", file_));
  }
  return ShowPlanFile(file_, catalog_);
}

}  // namespace

std::unique_ptr<Command> MakePlanShow(const Connection& connection) {
  return std::make_unique<PlanShow>(connection);
}

}  // namespace fleetmeter::ctl
