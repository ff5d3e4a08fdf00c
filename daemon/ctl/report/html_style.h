// How a page of a report looks: light and dark, from a phone to a desk, and on paper.
#pragma once

#include <string>

#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// The whole style sheet. On a phone each row of a table is a block, whose cells the titles of the
// document's columns stand before.
std::string StyleOf(const Document& document);

}  // namespace fleetmeter::ctl::report
