// Flags of the commands that read files about models: what columns are called there, and how FLOP
// become hours.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/flags.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::ctl {

// --model-column, --date-column and --family-column.
void AddModelColumns(Flags& flags, imports::ModelColumns* columns);

// --flop-column.
void AddFlopColumn(Flags& flags, std::string* column);

// --framework: a framework's file.
void AddFlopRule(Flags& flags, std::string* framework);

// What such a file says of training; nothing if `framework` is empty.
absl::StatusOr<std::optional<framework::Training>> LoadFlopRule(const std::string& framework);

}  // namespace fleetmeter::ctl
