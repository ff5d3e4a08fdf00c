// Outcomes as protocol messages. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "daemon/outcomes/benchmark_suite.h"
#include "daemon/outcomes/margin_review.h"
#include "daemon/outcomes/models.h"
#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter {

// Without its times and the version of its price book.
v1::MarginReport MarginMessage(const outcomes::MarginReview& review);

// Everything that results and hours of training give, up to a quarter. Hours by model are for the
// models, by quarter for the frontier.
v1::CapabilityReport CapabilityMessage(const outcomes::BenchmarkSuite& suite,
                                       const std::vector<outcomes::Result>& results,
                                       const std::map<std::string, double>& hours_by_model,
                                       const std::map<int64_t, double>& hours_by_quarter,
                                       int64_t last_quarter);

}  // namespace fleetmeter
