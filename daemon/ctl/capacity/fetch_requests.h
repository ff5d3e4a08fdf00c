// All requests that a question is about, however many answers they come in.
#pragma once

#include "absl/status/statusor.h"
#include "daemon/ctl/query_client.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

// As one answer, without a token of a next page. Errors are those of ListCapacity.
absl::StatusOr<v1::ListCapacityResponse> FetchRequests(QueryClient& client,
                                                       const v1::ListCapacityRequest& question);

// Likewise, of GetRanking. If requests change between two answers, it begins again.
absl::StatusOr<v1::GetRankingResponse> FetchRanking(QueryClient& client,
                                                    const v1::GetRankingRequest& question);

}  // namespace fleetmeter::ctl
