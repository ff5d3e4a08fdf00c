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
};
struct WithdrawOrder {
  std::string request_id;
};
struct RankOrder {
  std::string pool;
  Nature nature = Nature::kCritical;
  std::vector<std::string> workloads;
};
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
struct ReleaseOrder {
  std::string request_id;
  int64_t end_unix_seconds = 0;  // a full hour, not before the grant's start
};

struct CapacityOrder {
  std::string identity;
  std::string reason;
  std::variant<SubmitOrder, WithdrawOrder, RankOrder, DecideOrder, ReleaseOrder> what;
};

struct CapacityAnswer {
  // InvalidArgument: every violation, one a line. NotFound: no such request; names the nearest.
  // AlreadyExists: the id is another request's; names what differs. Aborted: it was changed since
  // the revision that was named; says how. FailedPrecondition: it was decided before, or the
  // decisions together exceed a pool, a category or the supply; says with which sum, and when.
  absl::Status status;
  bool nothing_to_do = false;  // it was decided so before
  std::vector<CapacityEvent> events;
};

struct OrderContext {
  const ReferenceData& reference;
  int64_t now_unix_nanos = 0;
};

CapacityAnswer Prepare(const CapacityOrder& order, const CapacityBook& book,
                       const OrderContext& context);

// What decisions together promise beside the plan: OK, or FailedPrecondition with the sum, the
// limit and the hour at which it is exceeded first. At each hour: the grants of a pool that are
// within its allocation add up to at most its allocation; with those beyond, the needs of a
// category's pools (each the larger of allocated and committed) add up to at most the category's
// share of the supply where the plan has shares, and those of all pools to at most the supply less
// the buffer.
absl::Status CheckCommitments(const CapacityBook& book, const ReferenceData& reference,
                              int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
