// Asks a daemon. Errors are complete sentences: they name the address and what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ctl/connection.h"
#include "daemon/security/client_tls.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// One connection, made with the first call and again when it breaks. One thread calls; Cancel() is
// for any other.
class QueryClient {
 public:
  // The files of `tls` are read for each connection.
  QueryClient(const std::string& address, std::chrono::nanoseconds timeout, const ClientTls& tls);
  // To its listen.query.
  explicit QueryClient(const Connection& connection);
  ~QueryClient();
  QueryClient(const QueryClient&) = delete;
  QueryClient& operator=(const QueryClient&) = delete;

  // Unavailable: no answer in time. NotFound: no such pool.
  absl::StatusOr<v1::ListPoolsResponse> ListPools();
  absl::StatusOr<v1::HeadroomResponse> GetHeadroom(const std::string& pool);
  // FailedPrecondition: the daemon's ledger is in memory.
  absl::StatusOr<v1::ListHoldersResponse> ListHolders(const std::string& pool);
  absl::StatusOr<v1::GetSupplyResponse> GetSupply();
  absl::StatusOr<v1::GetPlanResponse> GetPlan();
  absl::StatusOr<v1::CompareResponse> Compare();

  // What if, with the daemon's assumptions. InvalidArgument: it does not fit. FailedPrecondition:
  // the daemon has no assumptions, or knows too little of its fleet.
  absl::StatusOr<v1::SimulateResponse> Simulate(const v1::SimulateRequest& request);

  // What allocations led to. FailedPrecondition: the daemon's ledger is in memory, or it has no
  // benchmark suite. InvalidArgument: no such window.
  absl::StatusOr<v1::MarginReport> GetMargin(const v1::GetMarginRequest& request);
  absl::StatusOr<v1::CapabilityReport> GetCapability(const v1::GetCapabilityRequest& request);

  // What the books hold, and why. Errors as above.
  absl::StatusOr<v1::BookedOutcomes> GetBooked(const v1::GetBookedRequest& request);
  absl::StatusOr<v1::Prices> GetPrices(const v1::GetPricesRequest& request);
  absl::StatusOr<v1::Corrections> GetCorrections(const v1::GetCorrectionsRequest& request);

  // Requests for capacity; the errors are those of capacity.proto, of which those with several
  // faults have a line for each. Aborted: a request was changed since. AlreadyExists: the id is
  // another request's.
  absl::StatusOr<v1::CheckCapacityResponse> CheckCapacity(const v1::CheckCapacityRequest& request);
  absl::StatusOr<v1::ChangeCapacityResponse> SubmitCapacity(
      const v1::SubmitCapacityRequest& request);
  absl::StatusOr<v1::ChangeCapacityResponse> WithdrawCapacity(
      const v1::WithdrawCapacityRequest& request);
  absl::StatusOr<v1::ChangeCapacityResponse> RankCapacity(const v1::RankCapacityRequest& request);
  absl::StatusOr<v1::ChangeCapacityResponse> DecideCapacity(
      const v1::DecideCapacityRequest& request);
  absl::StatusOr<v1::ChangeCapacityResponse> ReleaseCapacity(
      const v1::ReleaseCapacityRequest& request);
  absl::StatusOr<v1::ListCapacityResponse> ListCapacity(const v1::ListCapacityRequest& request);
  absl::StatusOr<v1::GetCapacityResponse> GetCapacity(const v1::GetCapacityRequest& request);
  absl::StatusOr<v1::GetRankingResponse> GetRanking(const v1::GetRankingRequest& request);
  absl::StatusOr<v1::GetTimelineResponse> GetTimeline(const v1::GetTimelineRequest& request);
  absl::StatusOr<v1::ListGrantsResponse> ListGrants(const v1::ListGrantsRequest& request);
  absl::StatusOr<v1::GetResultsResponse> GetResults(const v1::GetResultsRequest& request);
  absl::StatusOr<v1::ListBudgetsResponse> ListBudgets(const v1::ListBudgetsRequest& request);
  absl::StatusOr<v1::GetLendingResponse> GetLending(const v1::GetLendingRequest& request);

  // Until `on_answer` returns an error, which it then returns, or the stream ends: OK after
  // Cancel(), otherwise why. Unavailable: it may be watched again, over a new connection.
  absl::Status WatchHeadroom(
      const std::string& pool, std::chrono::milliseconds interval,
      const std::function<absl::Status(const v1::HeadroomResponse&)>& on_answer);

  // Ends the call under way, and every later one at once. Thread-safe.
  void Cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "host:port" or "unix:path", or what is wrong with it.
absl::Status CheckAddress(const std::string& address);

}  // namespace fleetmeter::ctl
