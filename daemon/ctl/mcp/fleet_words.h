// Answers to the questions that people ask of a fleet, in sentences. Names are quoted, since others
// chose them; what is not known is said to be unknown. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/ctl/print/headroom_output.h"
#include "daemon/ctl/print/message_text.h"
#include "fleetmeter/v1/admin.pb.h"
#include "fleetmeter/v1/outcomes.pb.h"
#include "fleetmeter/v1/plan.pb.h"
#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// A name in quotes, as data.
std::string NameText(const std::string& name);

// Which pools have most headroom, and of which nothing is known.
std::string PoolsWords(const v1::ListPoolsResponse& response);
std::string HeadroomWords(const v1::Pool& pool);
std::string SupplyWords(const v1::GetSupplyResponse& response);
std::string PlanWords(const v1::GetPlanResponse& response);
// Where the fleet differs most from the plan; then a line for each category and tier.
std::string CompareWords(const v1::CompareResponse& response);
std::string MarginWords(const v1::MarginReport& report);
std::string CapabilityWords(const v1::CapabilityReport& report);
std::string SourcesWords(const v1::ListSourcesResponse& response);

// Who holds chips that do nothing.
struct IdleHolder {
  std::string pool;
  std::string team;
  std::string owner;
  std::string contact;
  double idle_h100e = 0;
  double idle_chips = 0;
};
// The largest first.
std::vector<IdleHolder> IdleHolders(const v1::ListPoolsResponse& response);
// `left_out`: holders beyond those that are listed. `unknown`: pools of whose activity nothing is
// known.
std::string IdleWords(const std::vector<IdleHolder>& holders, size_t left_out,
                      const std::vector<std::string>& unknown);
std::vector<std::string> PoolsWithUnknownIdle(const v1::ListPoolsResponse& response);

// Which pools can admit so much.
struct Admission {
  std::string pool;
  Fit fit = Fit::kUnknown;
  std::optional<double> headroom_h100e;
};
// Those that can first, by headroom.
std::vector<Admission> Admissions(const v1::ListPoolsResponse& response, double ask_h100e);
std::string AdmissionWords(const std::vector<Admission>& admissions, double ask_h100e);

}  // namespace fleetmeter::ctl
