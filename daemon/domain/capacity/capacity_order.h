// What people ask to be decided about requests, and the events that it becomes. Pure.
//
// Prepare checks an order against the book and the plan, and changes nothing. The writer commits
// the events and then applies them. Who may give which order is for the caller to have checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/check_form.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter::capacity {

struct SubmitOrder {
  CapacityForm form;
  // Of the request that is amended; nothing: it is new, or the same again.
  std::optional<int64_t> revision;
  bool knows_supply = false;  // whoever asks may know how much there is
};
// Takes back what is not decided; what is granted is released.
struct WithdrawOrder {
  std::string request_id;
};
struct RankOrder {
  std::string pool;
  Nature nature = Nature::kCritical;
  std::vector<std::string> workloads;
};
// A grant is at most what was asked for: of the chips, and of the hours. It may be later than was
// asked, or earlier, but it does not begin in hours that are over, unless the request itself asked
// for them: work that has begun is granted from its beginning, and what is decided late begins when
// it was asked for. Its end is still to come. Nobody can be granted what could not be used.
struct Decision {
  std::string request_id;
  std::optional<int64_t> revision;            // that was looked at; nothing: whatever it is
  int64_t chips = 0;                          // granted; 0: declined
  std::optional<int64_t> start_unix_seconds;  // nothing: as it was asked
  std::optional<int64_t> hours;
  std::string reason;  // of this one; empty: that of the order
};
struct DecideOrder {
  std::vector<Decision> decisions;  // all or none
};
// Moves the end of a grant, earlier only. Not into hours that are over: what was promised then was
// not there for others, and stays promised.
struct ReleaseOrder {
  std::string request_id;
  int64_t end_unix_seconds = 0;  // a full hour, not before the grant's start or the present hour
};

struct CapacityOrder {
  std::string identity;
  std::string reason;
  std::variant<SubmitOrder, WithdrawOrder, RankOrder, DecideOrder, ReleaseOrder> what;
};

struct CapacityAnswer {
  // InvalidArgument: every violation, one a line. NotFound: no such request; names the nearest.
  // AlreadyExists: the id is another request's; names what differs, with values if it is one of the
  // same pool and team. Aborted: it was changed since the revision that was named; says how.
  // FailedPrecondition: it was decided before, or the decisions together exceed a pool, a category,
  // a tier or the supply; says with which sum, and when.
  absl::Status status;
  // All of it was said before: the same form, the same order of workloads, the same end, or the
  // very same decision with the same reason (what was released since does not matter). Of several
  // decisions, those that were made before are left out. A form that was withdrawn is not taken
  // again: asking again needs an id of its own.
  bool nothing_to_do = false;
  std::vector<CapacityEvent> events;
};

struct OrderContext {
  const ReferenceData& reference;
  int64_t now_unix_nanos = 0;
};

// Reasons are needed for all but a first submission: text as of a form (check_form.h). An amendment
// stays with the team that asked. An order of workloads is given again when requests have come
// since; an empty one takes it back.
CapacityAnswer Prepare(const CapacityOrder& order, const CapacityBook& book,
                       const OrderContext& context);

// What grants together promise beside the plan, from the present hour on: OK, or FailedPrecondition
// with the sum, the limit and the hour at which it is exceeded first. At each hour: the grants of a
// pool that are within its allocation, and those beyond it that the plan has (plan_grants.h), add
// up to at most its allocation. The needs of pools (commitment_walk.h) keep the limits that the
// plan's own allocations have to keep: those of its categories, its tiers, and the supply less the
// buffer. Prepare refuses only decisions that make such a sum larger.
absl::Status CheckCommitments(const CapacityBook& book, const ReferenceData& reference,
                              int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
