#include "daemon/ctl/commands/framework_flags.h"

#include <CLI/CLI.hpp>

#include "daemon/config/yaml_override.h"
#include "daemon/ctl/commands/add_output.h"
#include "daemon/ctl/commands/flags.h"

namespace fleetmeter::ctl {

CLI::App* AddFrameworkCommand(CLI::App* app, const std::string& name, const std::string& help,
                              const std::string& examples, Command command, Flags* flags) {
  CLI::App* subcommand = app->add_subcommand(name, help);
  subcommand->fallthrough();
  subcommand->footer("Examples:\n" + examples);
  subcommand->callback([flags, command] { flags->command = command; });
  return subcommand;
}

CLI::Option* AddPlanFile(CLI::App* app, const std::string& help, Flags* flags) {
  return app->add_option("--plan", flags->framework.plan, help)->type_name("FILE");
}

CLI::Option* AddSet(CLI::App* app, Flags* flags) {
  const auto read = [flags](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (const auto parsed = ParseYamlOverride(text); !parsed.ok()) {
        throw CLI::ValidationError("--set: " + std::string(parsed.status().message()));
      }
    }
    flags->framework.set = texts;
  };
  return app
      ->add_option_function<std::vector<std::string>>(
          "--set", read, "Another value for a key of the framework, such as training.growth=3")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

CLI::Option* AddScenario(CLI::App* app, const std::string& help, Flags* flags) {
  return app->add_option("--scenario", flags->framework.scenario, help)->type_name("NAME");
}

void AddSensitivity(CLI::App* app, Flags* flags) {
  CLI::App* sensitivity = AddFrameworkCommand(
      app, "sensitivity", "The framework's sensitivity analysis: the baseline, one thing changed",
      "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml\n"
      "  fleetmeterctl sensitivity --plan deploy/plans/framework.yaml --set revenue.discount=20%",
      Command::kSensitivity, flags);
  AddPlanFile(sensitivity, "The framework's file", flags)->required();
  AddSet(sensitivity, flags);
  AddOutput(sensitivity, &flags->output);
}

}  // namespace fleetmeter::ctl
