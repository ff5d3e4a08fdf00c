// Usage of a span of time, from the ledger. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "daemon/ledger/read/read_usage.h"

namespace fleetmeter::ctl {

// Allocated is what the plans of the time granted of each row; a table leaves the column out where
// the keys are such that no plan tells it. H100e-hours and chip-hours are rounded to 9 decimals (a
// table: to 1); chip_seconds are exact. "time" says whether an hour is that of the use or of the
// booking ("used", "booked"). JSON: {"from", "to", "time", "basis": {"plans": [{"plan",
// "version"}], "catalog_versions": []}, "usage":
// [...]}, amounts as decimal strings. Busy, idle and productive are null (a table: "-", CSV: empty)
// where nothing measured them, and allocated where it is not known; idle is what was measured, less
// busy.
std::string FormatUsage(const UsageAnswer& answer, OutputFormat format);

// Nanoseconds as hours, rounded to 9 decimals, without trailing zeros.
std::string HoursOfNanos(absl::int128 nanos);

}  // namespace fleetmeter::ctl
