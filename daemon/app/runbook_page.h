// dashboards/RUNBOOK.md as a page: what the links of alerts lead to. It is part of the program, so
// that it is always there and says what this version means.
#pragma once

#include <string>

namespace fleetmeter {

// The file's text.
extern const char* const kRunbookText;

const std::string& RunbookPage();

}  // namespace fleetmeter
