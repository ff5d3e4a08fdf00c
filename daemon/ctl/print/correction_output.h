// What a correction would change, and which corrections the books have, as they are printed. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>

#include "daemon/ctl/import/correction_plan.h"
#include "daemon/ctl/import/plan_addition.h"
#include "daemon/ctl/print/import_output.h"
#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter::ctl {

// Rows and reports of the file by their standing, in the order of Standing.
std::array<ReportsAndRows, 4> SumByStanding(const imports::ImportBatch& file,
                                            const std::vector<Standing>& standings);

// A line for each standing, with its rows and reports.
std::string FormatStandings(const std::array<ReportsAndRows, 4>& sums);

// "unchanged ... new ... changed ..." and, below, each amount that differs with what the books
// have, what the file says and the signed difference; at most `most` of them.
std::string FormatComparison(const imports::ImportBatch& file, const CorrectionPlan& plan,
                             size_t most);

// What becomes of the rows of a file that is added to the books, with their lines.
std::string FormatAddition(const imports::ImportBatch& file, const Addition& addition);

// What to think of before a file is added whose days the books may have (DaysLikelyThere); empty if
// there are none.
std::string FormatLikelyThere(const std::set<int64_t>& days);

// Who corrected the books, when, why and by how much.
std::string FormatCorrections(const v1::Corrections& corrections, OutputFormat format);

}  // namespace fleetmeter::ctl
