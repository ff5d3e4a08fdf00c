// What was served and earned, by window: one report for each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {

struct InferenceRules {
  std::string source;
  // How long windows without an end are. Nothing: calendar months where all start with one (as many
  // as the fewest between two starts), else as long as the shortest time between two starts in the
  // file.
  std::optional<int64_t> window_nanos;
  // Given: rows go into windows of this length that begin at multiples of it; it divides a day.
  std::optional<int64_t> every_nanos;
  // The reports correct the books: the rows of a window may add up to less than nothing.
  bool corrects = false;
  DayZone zone = {};  // whose days the books have
};

// Columns: start, model, requests, input_tokens, output_tokens; optional: end, customer_tier ("all"
// if there is no such column), cached_input_tokens, revenue_usd, pool, workload. Unknown columns
// are refused, and so is cost_usd: cost comes from chip-time.
//
// A file whose every start and end is midnight by its own clocks is a file of days
// (named_days.h): its windows are of the days that it names.
//
// Rows of one window and segment (model, customer tier, pool, workload) are added up. Some of them
// may take back what others said, with amounts below 0; a sum of less than no requests or tokens is
// refused, and one of less than no revenue is a refund of earlier windows. Revenue is
// rounded to the micro-dollar, and what that leaves is carried through the day (carried_rests.h),
// so that a day's revenue does not depend on `every`. A segment's revenue is known or not: where
// some of a window's rows have one, those without are refused, since requests with a revenue and
// requests to be priced cannot stand in one row. Windows that overlap an earlier one of the file,
// are too long or have too many segments are refused whole. InvalidArgument: the form of the file
// is wrong, or nothing says how long its windows are.
absl::StatusOr<ImportBatch> MakeInferenceReports(CsvReader& csv, const InferenceRules& rules);

}  // namespace fleetmeter::imports
