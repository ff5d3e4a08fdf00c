// The process-wide logger's form, set once from the flags or the configuration.
#pragma once

#include <string>

namespace fleetmeter {

// `level`: trace, debug, info, warn, error. `format`: text or json. Logs go to standard error.
void SetUpLogging(const std::string& level, const std::string& format);

}  // namespace fleetmeter
