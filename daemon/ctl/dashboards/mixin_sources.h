// The sources of the mixin, as dashboards/ has them. CMake writes the texts into the program.
#pragma once

#include <span>
#include <string_view>

namespace fleetmeter::ctl {

struct MixinSource {
  std::string_view path;  // below dashboards/: "lib/alerts.libsonnet"
  std::string_view text;
};

std::span<const MixinSource> MixinSources();

}  // namespace fleetmeter::ctl
