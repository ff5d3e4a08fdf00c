// What a daemon answered to everything that the allocation report and the published site are made
// of. Each answer is there or says why not, so that one that is not allowed costs its part alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/print/message_text.h"
#include "fleetmeter/v1/admin.pb.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl::report {

// Not asked: the report does not need it, or what it takes is not known.
template <class Response>
using Answer = absl::StatusOr<Response>;

struct Answers {
  // The time that is reported on, half-open, full hours; and when it was asked.
  int64_t from_unix_seconds = 0;
  int64_t until_unix_seconds = 0;
  int64_t asked_unix_seconds = 0;

  Answer<v1::ListPoolsResponse> pools;
  Answer<v1::GetPlanResponse> plan;
  Answer<v1::CompareResponse> comparison;
  Answer<v1::GetFrameworkResponse> framework;
  Answer<v1::GetPoolHistoryResponse> history;  // by the day
  Answer<v1::ListVersionsResponse> versions;   // new since `from`
  Answer<v1::MarginReport> margin;
  Answer<v1::CapabilityReport> capability;
  Answer<v1::Corrections> corrections;
  Answer<v1::ListEntriesResponse> entries;

  Answer<v1::ListCapacityResponse> open;     // undecided
  Answer<v1::ListCapacityResponse> changed;  // since `from`
  // Of those of them whose grants were released: for how many hours each was granted, by id.
  std::map<std::string, int64_t> released_hours;
  Answer<v1::GetRankingResponse> between_pools;
  // Of each pool that has undecided requests within its allocation.
  std::map<std::string, Answer<v1::GetRankingResponse>> rankings;
  // Of all requests of the rankings, by id.
  std::map<std::string, Answer<v1::CapacityFit>> fits;
  Answer<v1::ListGrantsResponse> grants;  // those that ended too
  Answer<v1::GetResultsResponse> results;
  Answer<v1::ListBudgetsResponse> budgets;
  Answer<v1::GetLendingResponse> lending;

  // The report before, in JSON. Nothing: none was given.
  std::optional<Json> previous;
};

}  // namespace fleetmeter::ctl::report
