// dashboards settings: what `dashboards render` can be told, and the defaults. Works without a
// daemon.
#include <fmt/format.h>

#include "daemon/ctl/command.h"
#include "daemon/ctl/dashboards/mixin.h"
#include "daemon/ctl/dashboards/mixin_settings.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

class DashboardsSettings : public Command {
 public:
  DashboardsSettings()
      : Command({"dashboards", "settings"},
                "List the settings of rules, alerts and dashboards with their defaults, a line "
                "each, as --set of dashboards render takes them") {}

  void AddFlags(Flags& flags) override { AddTextOutput(flags, &output_); }

  int Run() override {
    auto defaults = MixinDefaults();
    if (!defaults.ok()) return ExitCode(defaults.status());
    std::string text;
    Json settings = Json::object();
    for (const auto& [key, value] : MixinSettings(*std::move(defaults)).All()) {
      text += fmt::format("{}={}\n", key, value);
      settings[key] = value;
    }
    return ExitCode(Print(output_ == OutputFormat::kJson ? Dump(settings) : text));
  }

 private:
  OutputFormat output_ = OutputFormat::kTable;
};

}  // namespace

std::unique_ptr<Command> MakeDashboardsSettings(const Connection&) {
  return std::make_unique<DashboardsSettings>();
}

}  // namespace fleetmeter::ctl
