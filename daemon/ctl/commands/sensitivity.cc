// sensitivity: the framework's own what-ifs. Works without a daemon.

#include "daemon/ctl/command.h"
#include "daemon/ctl/framework_flags.h"
#include "daemon/ctl/framework_source.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/sensitivity_output.h"
#include "daemon/ctl/print_answer.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kSensitivityExamples[] =
    "Examples:\n"
    "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml\n"
    "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml --set revenue.discount=20%";

class Sensitivity : public Command {
 public:
  Sensitivity()
      : Command({"sensitivity"},
                "Show the framework's sensitivity analysis: what the baseline becomes when one "
                "assumption changes") {}

  void AddFlags(Flags& flags) override {
    flags.SetFooter(kSensitivityExamples);
    AddPlanFile(flags, "The file of the framework", &framework_).Required();
    AddSet(flags, &set_);
    AddOutput(flags, &output_);
  }
  int Run() override {
    const auto work = LoadFrameworkWork(framework_, set_);
    if (!work.ok()) return ExitCode(work.status());
    return PrintAnswer(ShowSensitivity(*work), output_, FormatSensitivity);
  }

 private:
  std::string framework_;  // its file
  std::vector<std::string> set_;
};

}  // namespace

std::unique_ptr<Command> MakeSensitivity(const Connection&) {
  return std::make_unique<Sensitivity>();
}

}  // namespace fleetmeter::ctl
