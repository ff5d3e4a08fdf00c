// Outcomes as protocol messages. Pure.
#pragma once

#include <string>

#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/capability_view.h"
#include "daemon/domain/outcomes/margin_review.h"
#include "daemon/view/outcome_review.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter {

// Without its times and the version of its price book.
v1::MarginReport MarginMessage(const outcomes::MarginReview& review);

// A window of the ledger's books. `window`: its name; may be empty.
v1::MarginReport MarginMessage(const MarginAnswer& answer, const std::string& window);

// The days of files are those of UTC; an answer of books says whose its are.
v1::CapabilityReport CapabilityMessage(const outcomes::BenchmarkSuite& suite,
                                       const outcomes::CapabilityView& view);

}  // namespace fleetmeter
