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
  absl::StatusOr<v1::GetSupplyResponse> GetSupply();
  absl::StatusOr<v1::GetPlanResponse> GetPlan();

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
