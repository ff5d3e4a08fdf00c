// Outcomes as Prometheus families: what dashboards/METRICS.md lists under "Outcomes".
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "daemon/serve/http/text_format.h"
#include "daemon/serve/metrics/segment_series.h"
#include "daemon/view/outcome_board.h"

namespace fleetmeter {

struct OutcomeFacts {
  std::vector<SegmentTotal> totals;                // since the books began, by the writer
  std::shared_ptr<const ReferenceData> reference;  // in force
  // Null before there is one, and always where the ledger is in memory.
  std::shared_ptr<const OutcomeView> view;
  int64_t view_holds_as_of_unix_nanos = 0;
  uint64_t refresh_failures = 0;
};

// Families without samples are written too.
void WriteOutcomeFamilies(const OutcomeFacts& facts, SegmentSeries& series, TextWriter& out);

}  // namespace fleetmeter
