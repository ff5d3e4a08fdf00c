// Flags that say of a CSV file what it does not say itself: shared by all that read files of
// history.
#pragma once

#include "daemon/base/csv.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

// --time-zone.
void AddFileForm(CLI::App& app, CsvForm* form);

}  // namespace fleetmeter::ctl
