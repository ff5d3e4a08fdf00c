// Jobs as sacct and slurmdbd print them. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace fleetmeter::collector {

// Whether the key is one that SlurmJobOfSacct() reads and that no other form has.
bool IsSacctKey(std::string_view key);

// Whether it is a job as `sacct --json` prints it, since 21.08: its state is an object.
bool IsSacctJob(const nlohmann::json& job);

// The same in the form that slurmrestd and squeue have, as far as it is asked for. Which devices a
// job holds is not told, and neither is its priority of now.
nlohmann::json SlurmJobOfSacct(const nlohmann::json& job);

}  // namespace fleetmeter::collector
