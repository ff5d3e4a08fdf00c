#include "daemon/ctl/framework_flags.h"

#include <CLI/CLI.hpp>

#include "daemon/config/yaml_override.h"

namespace fleetmeter::ctl {

CLI::Option* AddPlanFile(CLI::App& app, const std::string& help, std::string* path) {
  return app.add_option("--plan", *path, help)->type_name("FILE");
}

CLI::Option* AddSet(CLI::App& app, std::vector<std::string>* set) {
  const auto read = [set](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (const auto parsed = ParseYamlOverride(text); !parsed.ok()) {
        throw CLI::ValidationError("--set: " + std::string(parsed.status().message()));
      }
    }
    *set = texts;
  };
  return app
      .add_option_function<std::vector<std::string>>(
          "--set", read, "Set a key of the framework to another value, such as training.growth=3")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

CLI::Option* AddScenario(CLI::App& app, const std::string& help, std::string* scenario) {
  return app.add_option("--scenario", *scenario, help)->type_name("NAME");
}

CLI::Option* AddCatalog(CLI::App& app, std::string* path) {
  return app
      .add_option("--catalog", *path,
                  "The catalog of chip kinds that a plan is checked against. The default is the "
                  "one that the framework names")
      ->type_name("FILE");
}

}  // namespace fleetmeter::ctl
