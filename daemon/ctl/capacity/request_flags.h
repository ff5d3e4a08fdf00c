// Flags that several commands share, most of them about requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// A text, which must be UTF-8 since protocol messages hold nothing else.
Flag AddText(Flags& flags, const std::string& name, const std::string& help, std::string* text);

// The id of the request, as a positional argument.
Flag AddRequestId(Flags& flags, std::string* id);

// Why, kept in the books with what is decided.
Flag AddReason(Flags& flags, std::string* reason);

Flag AddPool(Flags& flags, const std::string& help, std::string* pool);

// A full hour of UTC, in seconds since the Unix epoch.
Flag AddHour(Flags& flags, const std::string& name, const std::string& help,
             std::optional<int64_t>* out);

// A duration in full hours.
Flag AddHours(Flags& flags, const std::string& name, const std::string& help,
              std::optional<int64_t>* out);

}  // namespace fleetmeter::ctl
