// Section `log`.
#pragma once

#include <string>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct LogConfig {
  std::string level = "info";
  std::string format = "text";

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "level", .help = "The log holds messages of this level and above."},
          OneOf{{"trace", "debug", "info", "warn", "error"}}, &LogConfig::level);
    visit(Setting{.key = "format",
                  .help = "The log is text for people, or one JSON object a line for programs."},
          OneOf{{"text", "json"}}, &LogConfig::format);
  }
};

}  // namespace fleetmeter
