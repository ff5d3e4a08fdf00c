// The mixin of rules, alerts and dashboards, worked out from the sources that the program carries.
// dashboards/README.md describes it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter::ctl {

// `_config` with its defaults.
absl::StatusOr<nlohmann::json> MixinDefaults();

struct MixinRequest {
  nlohmann::json overrides;     // merged into `_config`
  std::string dashboards_path;  // where Grafana finds the dashboards' files
  std::string prometheus_url;   // of Grafana's data source; empty: no data source is made
};

// The text of each file, by its path below the target: dashboards are JSON, all else is YAML.
// InvalidArgument says what of the overrides does not go.
absl::StatusOr<std::map<std::string, std::string>> RenderMixin(const MixinRequest& request);

}  // namespace fleetmeter::ctl
