// The next plan: the plan in force with what was decided since. Pure, but for the text of the plan
// that it is given.
//
// A grant beyond the allocation of its pool is no part of that allocation. So the next plan
// allocates such a pool as much more as these grants add up to at most at one time, from the time
// on at which the plan takes effect, and names them (`grants`), so that the daemon counts them in
// the allocation and no more on top of it. Grants within allocations change nothing. Those that
// have ended are taken back: the plan keeps in comments what it was raised by (plan_notes.h), and
// so the same decisions compiled again give the same allocations. A grant that is named and has no
// such comment is one that people raised the pool for by hand: it stays as it is.
//
// The daemon has granted what there is at each hour. A plan has one allocation for all hours, so
// that grants of different times may be too much for it together. Those that begin last are then
// left out, for the plan after it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

struct NextPlanRequest {
  std::string path;                           // of the plan, for messages
  std::string text;                           // of the plan
  std::vector<v1::CapacityRequest> requests;  // all that the daemon has; those without a grant
                                              // count nowhere
  std::optional<uint32_t> version;            // nothing: one more than the plan's
  int64_t effective_from_unix_nanos = 0;
};

struct PoolRaise {
  std::string pool;
  int64_t before_micro_h100e = 0;  // allocated by the plan that it was made from
  int64_t after_micro_h100e = 0;
  std::vector<std::string> request_ids;  // whose grants are beyond; empty: all have ended
};

struct NextPlan {
  std::string yaml;
  Plan plan;
  std::vector<PoolRaise> raises;      // those that change
  std::vector<std::string> grants;    // the requests whose grants it names; ascending
  std::vector<std::string> warnings;  // sentences
};

// InvalidArgument: the plan, or the next one, is wrong, or names what is no grant beyond an
// allocation; of sums that are exceeded the message says which, and what was decided.
// FailedPrecondition: nothing that was decided changes the plan, or
// somebody has changed an allocation that grants had raised.
absl::StatusOr<NextPlan> MakeNextPlan(const NextPlanRequest& request, const Catalog& catalog);

}  // namespace fleetmeter::ctl
