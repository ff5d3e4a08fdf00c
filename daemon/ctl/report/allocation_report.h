// The report for the allocation meeting: what a committee needs to decide, from what a daemon
// answered. Pure.
#pragma once

#include "daemon/ctl/report/allocation_answers.h"
#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// Every number is one of an answer, or a sum or product that the text beside it names. A part whose
// answer is an error says so in its place.
Document MakeAllocationReport(const Answers& answers);

}  // namespace fleetmeter::ctl::report
