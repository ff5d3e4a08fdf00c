// check: is a configuration right? Works without a daemon.
#include <fmt/format.h>

#include <cstdio>

#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/config/check_config.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/sqlite/ledger_file.h"

namespace fleetmeter::ctl {
namespace {

class Check : public Command {
 public:
  Check()
      : Command(
            {"check"},
            "Check a configuration with all that it names, certificates and the ledger's folder "
            "included, as fleetmeterd --check-config does") {}

  void AddFlags(Flags& flags) override {
    flags.Add("CONFIG", &config_, "The configuration file").Required();
  }
  int Run() override;

 private:
  std::string config_;
};

int Check::Run() {
  const int64_t now = SystemClock().UnixNanos() / kNanosPerSecond;
  const auto check = CheckConfig(config_, now, CheckLedgerPath);
  if (!check.ok()) return ExitCode(check.status());
  for (const std::string& warning : check->warnings) {
    fmt::print(stderr, "fleetmeterctl: warning: {}\n", warning);
  }
  return ExitCode(Print(check->summary));
}

}  // namespace

std::unique_ptr<Command> MakeCheck(const Connection&) { return std::make_unique<Check>(); }

}  // namespace fleetmeter::ctl
