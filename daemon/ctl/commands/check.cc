// check: is a configuration right? Works without a daemon.
#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/config/check_config.h"
#include "daemon/ctl/command.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
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
    AddTextOutput(flags, &output_);
  }
  int Run() override;

 private:
  std::string config_;
};

int Check::Run() {
  const int64_t now = SystemClock().UnixNanos() / kNanosPerSecond;
  const auto check = CheckConfig(config_, now, CheckLedgerPath);
  if (!check.ok()) return ExitCode(check.status());
  if (output_ == OutputFormat::kJson) {
    Json out;
    out["config"] = config_;
    out["summary"] = check->summary.substr(0, check->summary.find('\n'));
    out["warnings"] = check->warnings;
    return ExitCode(Print(Dump(out)));
  }
  for (const std::string& warning : check->warnings) Warn("warning: " + warning);
  return ExitCode(Print(check->summary));
}

}  // namespace

std::unique_ptr<Command> MakeCheck(const Connection&) { return std::make_unique<Check>(); }

}  // namespace fleetmeter::ctl
