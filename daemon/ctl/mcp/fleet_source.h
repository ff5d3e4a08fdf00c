// Where the tools get their answers: the questions that they may ask. All of them read only.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "fleetmeter/v1/admin.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// One thread.
class FleetSource {
 public:
  virtual ~FleetSource() = default;

  // The errors are sentences for people, with the code that says their kind.
  virtual absl::StatusOr<v1::ListPoolsResponse> Pools() = 0;
  virtual absl::StatusOr<v1::HeadroomResponse> Headroom(const std::string& pool) = 0;
  virtual absl::StatusOr<v1::GetSupplyResponse> Supply() = 0;
  virtual absl::StatusOr<v1::GetPlanResponse> Plan() = 0;
  virtual absl::StatusOr<v1::CompareResponse> Compare() = 0;
  virtual absl::StatusOr<v1::MarginReport> Margin(const v1::GetMarginRequest& request) = 0;
  virtual absl::StatusOr<v1::CapabilityReport> Capability() = 0;
  // Takes the role admin, unlike all others.
  virtual absl::StatusOr<v1::ListSourcesResponse> Sources(
      const v1::ListSourcesRequest& request) = 0;
};

}  // namespace fleetmeter::ctl
