// A file whose rows are added to what the books have, such as late rows and credit notes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/correction_plan.h"
#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::ctl {

// The reports of a file that may be sent as they are, and those that take something back, such as
// -400 requests: no report says so, only an addition to another one.
struct WithoutReversals {
  explicit WithoutReversals(const imports::ImportBatch& file);

  imports::ImportBatch batch;
  std::vector<size_t> places;     // of its reports in the file
  std::vector<size_t> reversals;  // places in the file
};

// Reports of a file that is added to the books, by their indices.
struct Addition {
  std::vector<size_t> fresh;      // of time, or a result, that the books do not have
  std::vector<size_t> late;       // of time that they have, or some of it
  std::vector<size_t> reversals;  // that take something back
  std::vector<size_t> results;    // of which the books have one: it stays as it is
};
Addition AdditionOf(const imports::ImportBatch& file, const Books& books);

// Days, seconds since 1970, of late reports of which the file says at least as much as the books
// have of every model: the file is likely one that has grown, whose rows are counted already.
// `late` names reports by their indices.
std::set<int64_t> DaysLikelyThere(const imports::ImportBatch& file, const std::vector<size_t>& late,
                                  const Books& books, const DayZone& zone);

// Reports of the file, named by their indices, as additions to what the books have of their time.
// The same report has the same id whenever it is added, so that it is added once. Rows without a
// revenue are left to the daemon to price.
absl::StatusOr<imports::ImportBatch> PlanAddition(const imports::ImportBatch& file,
                                                  const std::vector<size_t>& indices,
                                                  const Books& books, const CorrectionRules& rules);

}  // namespace fleetmeter::ctl
