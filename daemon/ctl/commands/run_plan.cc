// plan show, plan compile, plan diff.
#include <fmt/format.h>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/framework_source.h"
#include "daemon/ctl/commands/plan_source.h"
#include "daemon/ctl/print/framework_output.h"
#include "daemon/ctl/print/plan_diff_output.h"
#include "daemon/ctl/print/plan_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/write_file.h"

namespace fleetmeter::ctl {
namespace {

int ShowFile(const Flags& flags) {
  const FrameworkFlags& framework = flags.framework;
  const auto kind = KindOf(framework.plan);
  if (!kind.ok()) return ExitCode(kind.status());
  if (*kind == PlanFileKind::kPlan) {
    if (!framework.set.empty() || !framework.scenario.empty()) {
      return ExitCode(absl::InvalidArgumentError(fmt::format(
          "{}: is an allocation plan; --set and --scenario expect a framework", framework.plan)));
    }
    return PrintAnswer(ShowPlanFile(framework.plan, framework.catalog), flags.output, FormatPlan);
  }
  const auto work = LoadFrameworkWork(framework.plan, framework.set);
  if (!work.ok()) return ExitCode(work.status());
  return PrintAnswer(ShowFramework(*work, framework.scenario), flags.output, FormatFramework);
}

int Compile(const FrameworkFlags& flags) {
  const auto plan = CompilePlanOf(flags);
  if (!plan.ok()) return ExitCode(plan.status());
  if (!plan->warning.empty()) fmt::print(stderr, "fleetmeterctl: {}\n", Printable(plan->warning));
  if (flags.to.empty()) return ExitCode(Print(plan->yaml));
  if (absl::Status written = WriteFileWhole(flags.to, plan->yaml, flags.force); !written.ok()) {
    return ExitCode(written);
  }
  return ExitCode(Print(fmt::format("{}: plan {} version {}\n", Printable(flags.to),
                                    plan->plan.name, plan->plan.version)));
}

}  // namespace

int RunPlan(const Flags& flags) {
  switch (flags.command) {
    case Command::kPlanCompile:
      return Compile(flags.framework);
    case Command::kPlanDiff:
      return PrintAnswer(DiffPlans(flags.framework), flags.output, FormatPlanDiff);
    default:
      if (!flags.framework.plan.empty()) return ShowFile(flags);
      return PrintAnswer(QueryClient(flags.address, flags.timeout, flags.tls).GetPlan(),
                         flags.output, FormatPlan);
  }
}

}  // namespace fleetmeter::ctl
