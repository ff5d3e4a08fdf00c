// The process-wide logger's form, set once from the flags or the configuration.
#pragma once

#include <string>

namespace fleetmeter {

// `level`: trace, debug, info, warn, error. `format`: text, or json, which is an object a line with
// time, level, message and the fields of the line (log_fields.h). Logs go to standard error.
void SetUpLogging(const std::string& level, const std::string& format);

}  // namespace fleetmeter
