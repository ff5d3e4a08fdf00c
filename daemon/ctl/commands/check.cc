// check: is a configuration right? Works without a daemon.
#include <fmt/format.h>

#include "daemon/config/load_config.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class Check : public Command {
 public:
  Check()
      : Command({"check"},
                "Check a configuration with its catalog and plans, as fleetmeterd --check-config "
                "does") {}

  void AddFlags(Flags& flags) override {
    flags.Add("CONFIG", &config_, "The configuration file").Required();
  }
  int Run() override;

 private:
  std::string config_;
};

int Check::Run() {
  const auto config = LoadDaemonConfig(config_);
  if (!config.ok()) return ExitCode(config.status());
  const auto reference = LoadReferenceData(*config);
  if (!reference.ok()) return ExitCode(reference.status());
  const Catalog& catalog = reference->catalog;
  return ExitCode(
      Print(fmt::format("{}: ok: catalog version {} with {} chip kinds, {} plan(s)\n", config_,
                        catalog.version(), catalog.kinds().size(), reference->plans.size())));
}

}  // namespace

std::unique_ptr<Command> MakeCheck(const Connection&) { return std::make_unique<Check>(); }

}  // namespace fleetmeter::ctl
