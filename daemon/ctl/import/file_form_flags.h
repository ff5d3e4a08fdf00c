// Flags that say of a CSV file what it does not say itself: shared by all that read files of
// history.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "daemon/base/csv.h"
#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// --column, --ignore-unknown-columns, --encoding, --decimal-comma and --time-zone.
void AddFileForm(Flags& flags, CsvForm* form);

// InvalidArgument if any of them was given: `taken_by` is read instead of a file.
absl::Status RefuseFileForm(const CsvForm& form, std::string_view taken_by);

}  // namespace fleetmeter::ctl
