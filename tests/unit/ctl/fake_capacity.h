// A daemon's query listener that knows requests for capacity: it remembers the latest question of
// each kind and gives the answer that the test has put there.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fleetmeter/v1/capacity.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// Serves from construction to destruction, on a free port of loopback. Thread-safe.
class FakeCapacity {
 public:
  FakeCapacity();
  ~FakeCapacity();
  FakeCapacity(const FakeCapacity&) = delete;
  FakeCapacity& operator=(const FakeCapacity&) = delete;

  const std::string& address() const;

  struct Questions {
    v1::CheckCapacityRequest check;
    v1::SubmitCapacityRequest submit;
    v1::WithdrawCapacityRequest withdraw;
    v1::RankCapacityRequest rank;
    v1::DecideCapacityRequest decide;
    v1::ReleaseCapacityRequest release;
    v1::ListCapacityRequest list;  // of the first page
    v1::GetRankingRequest ranking;
    v1::GetTimelineRequest timeline;
    v1::ListGrantsRequest grants;
    v1::GetResultsRequest results;
    v1::ListBudgetsRequest budgets;
    v1::GetLendingRequest lending;
    int changes = 0;  // calls that change something
  };
  struct Answers {
    v1::CheckCapacityResponse check;
    v1::ChangeCapacityResponse change;
    std::string refusal;   // of a change, as ABORTED; empty: none
    std::string fault;     // likewise, as INVALID_ARGUMENT
    bool sees_all = true;  // else the ranking is refused
    // A page for each; GetCapacity finds its request among them.
    std::vector<v1::ListCapacityResponse> pages;
    v1::GetPlanResponse plan;
    v1::GetRankingResponse ranking;
    v1::GetTimelineResponse timeline;
    v1::ListGrantsResponse grants;
    v1::GetResultsResponse results;
    v1::ListBudgetsResponse budgets;
    v1::GetLendingResponse lending;
  };

  Questions asked() const;
  Answers answers() const;
  void Answer(const Answers& answers);

 private:
  friend class FakeCapacityService;
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace fleetmeter::ctl
