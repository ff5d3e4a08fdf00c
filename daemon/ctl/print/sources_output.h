// Who reports and who does not, and what was rejected. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/admin.pb.h"

namespace fleetmeter::ctl {

// A line that counts the sources by state, and a row for each that is not live, with how long it
// has been silent at `now`; with `all`, for the live ones too. JSON: {"total", "states",
// "sources"}, with "silent_seconds" in each source that is silent.
std::string FormatSilence(const v1::ListSourcesResponse& response, bool all, int64_t now_unix_nanos,
                          OutputFormat format);

// Of the table, a block for each source, reason and field, the latest first, with the words of the
// latest report. JSON: {"reports", "counts"}, every report; CSV: a record a report.
std::string FormatRejected(const v1::ListRejectedResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
