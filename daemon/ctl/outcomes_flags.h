// Flags that the commands about outcomes share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// --ledger: a ledger's file, instead of a daemon.
void AddOutcomesLedger(Flags& flags, std::string* path);

// --refused: where refused rows go.
void AddOutcomesRefused(Flags& flags, std::string* path);

// A date or an RFC 3339 time, as seconds since 1970.
void AddOutcomesTime(Flags& flags, const std::string& name, const std::string& help,
                     std::optional<int64_t>* unix_seconds);

}  // namespace fleetmeter::ctl
