#include "daemon/ctl/framework_flags.h"

#include "daemon/config/yaml_override.h"

namespace fleetmeter::ctl {

Flag AddPlanFile(Flags& flags, const std::string& help, std::string* path) {
  return flags.Add("--plan", path, help).ValueName("FILE");
}

Flag AddSet(Flags& flags, std::vector<std::string>* set) {
  const auto read = [set](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      if (const auto parsed = ParseYamlOverride(text); !parsed.ok()) {
        return parsed.status();
      }
    }
    *set = texts;
    return absl::OkStatus();
  };
  return flags
      .AddList("--set", read,
               "Set a key of the framework to another value, such as training.growth=3")
      .ValueName("KEY=VALUE")
      .OneValueEach();
}

Flag AddScenario(Flags& flags, const std::string& help, std::string* scenario) {
  return flags.Add("--scenario", scenario, help).ValueName("NAME");
}

Flag AddCatalog(Flags& flags, std::string* path) {
  return flags
      .Add("--catalog", path,
           "The catalog of chip kinds that a plan is checked against. The default is the "
           "one that the framework names")
      .ValueName("FILE");
}

}  // namespace fleetmeter::ctl
