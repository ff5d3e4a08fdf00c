// Flags that several commands about requests share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// A text, which must be UTF-8 since protocol messages hold nothing else.
Flag AddText(Flags& flags, const std::string& name, const std::string& help, std::string* text);

// The id of the request, as a positional argument.
Flag AddRequestId(Flags& flags, std::string* id);

// Why, kept with the decision.
Flag AddReason(Flags& flags, std::string* reason);

Flag AddPool(Flags& flags, const std::string& help, std::string* pool);

// A full hour of UTC, in seconds since the Unix epoch.
Flag AddHour(Flags& flags, const std::string& name, const std::string& help,
             std::optional<int64_t>* out);

// A duration in full hours.
Flag AddHours(Flags& flags, const std::string& name, const std::string& help,
              std::optional<int64_t>* out);

// How wide a table may be: as wide as the terminal, or 80 columns where there is none; 0, without
// bounds, if `wide`.
size_t TableWidth(bool wide);
Flag AddWide(Flags& flags, bool* wide);

}  // namespace fleetmeter::ctl
