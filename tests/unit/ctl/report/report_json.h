// The allocation report as JSON, for tests of its parts.
#pragma once

#include "daemon/ctl/report/allocation_report.h"
#include "daemon/ctl/report/render.h"
#include "tests/unit/ctl/report/made_answers.h"

namespace fleetmeter::ctl::report {

inline Json MadeJson(const Answers& answers) {
  return Json::parse(DocumentJson(MakeAllocationReport(answers)));
}

inline const Json& RowsOf(const Json& json, const char* section, const char* table) {
  return json.at("sections").at(section).at("tables").at(table).at("rows");
}

}  // namespace fleetmeter::ctl::report
