// Flags that the commands about outcomes share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

// --ledger: a ledger's file, instead of a daemon.
void AddOutcomesLedger(CLI::App& app, std::string* path);

// --refused: where refused rows go.
void AddOutcomesRefused(CLI::App& app, std::string* path);

// A date or an RFC 3339 time, as seconds since 1970.
void AddOutcomesTime(CLI::App& app, const std::string& name, const std::string& help,
                     std::optional<int64_t>* unix_seconds);

}  // namespace fleetmeter::ctl
