// manual: the page for man.
#include "daemon/base/command_description.h"
#include "daemon/base/manual_page.h"
#include "daemon/base/version.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kSectionOfCommands = 1;

class Manual : public Command {
 public:
  Manual()
      : Command({"manual"},
                "Print the manual page of fleetmeterctl, in the language of man. The package has "
                "installed it") {}

  void AddFlags(Flags& flags) override {
    flags.SetFooter("Examples:\n  fleetmeterctl manual | man -l -");
  }
  void TakeProgram(const Flags& program) override { program_ = program; }
  int Run() override {
    return ExitCode(Print(ManualPage(program_->Describe(), kSectionOfCommands, kVersion)));
  }

 private:
  std::optional<Flags> program_;
};

}  // namespace

std::unique_ptr<Command> MakeManual(const Connection&) { return std::make_unique<Manual>(); }

}  // namespace fleetmeter::ctl
