// plan diff: what changes from one plan to another. Works without a daemon.

#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/plan_source.h"
#include "daemon/ctl/print/plan_diff_output.h"
#include "daemon/ctl/print_answer.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kPlanDiffExamples[] =
    "Examples:\n"
    "  fleetmeterctl plan diff deploy/plans/framework.yaml \\\n"
    "      deploy/plans/framework.yaml#revenue-priority\n"
    "  fleetmeterctl plan diff deploy/plans/example.yaml \\\n"
    "      deploy/plans/framework.yaml#training-priority";

class PlanDiffCommand : public Command {
 public:
  PlanDiffCommand()
      : Command({"plan", "diff"},
                "Show what changes from plan A to plan B: tiers, categories and pools, and between "
                "two scenarios also what they earn, train and leave for research. The exit code is "
                "0 whether they differ or not") {}

  void AddFlags(Flags& flags) override {
    flags.SetFooter(kPlanDiffExamples);
    flags
        .Add("A", &a_,
             "The file of a plan, or FRAMEWORK_FILE#SCENARIO. A framework without a scenario "
             "stands for its baseline")
        .Required();
    flags.Add("B", &b_, "The other plan, in the same form").Required();
    AddCatalog(flags, &catalog_);
    AddOutput(flags, &output_);
  }
  int Run() override { return PrintAnswer(DiffPlans(a_, b_, catalog_), output_, FormatPlanDiff); }

 private:
  std::string a_;
  std::string b_;
  std::string catalog_;  // empty: the one that the first framework names
};

}  // namespace

std::unique_ptr<Command> MakePlanDiff(const Connection&) {
  return std::make_unique<PlanDiffCommand>();
}

}  // namespace fleetmeter::ctl
