// Pictures of a table's numbers, as HTML with SVG. They scale with the page; their words do not.
#pragma once

#include <string>

#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// Once in each page: what marks a bar that is not known.
std::string HatchSvg();

// Empty if the table has nothing to draw.
std::string PlotHtml(const Plot& plot, const Table& table);

}  // namespace fleetmeter::ctl::report
