// What pools have promised to whom over time, and what still fits. Pure.
//
// Times of requests and grants are full hours, so that a timeline is a list of spans between hours
// in which nothing changes; a plan that takes effect within an hour counts from the next one on.
// Amounts are micro-H100e. Sums that are more than a limit by less than a thousandth of an H100e,
// or a billionth of the supply, are not more: amounts are rounded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter::capacity {

// The busiest hour of a pool that the ledger has, in micro-H100e assigned; nothing: it has none.
using MeasuredPeaks = std::map<std::string, int64_t, std::less<>>;

struct PoolSpan {
  int64_t from_unix_seconds = 0;
  int64_t to_unix_seconds = 0;        // half-open
  int64_t allocated_micro_h100e = 0;  // by the plan in force then
  int64_t committed_micro_h100e = 0;  // to grants
  // The part of it that is on top of the allocation: granted beyond it, and not in the plan.
  int64_t beyond_micro_h100e = 0;
  // allocated + beyond - committed; below 0 where more is promised than the plan has.
  int64_t uncommitted_micro_h100e = 0;
};

// The spans of a pool in [from, to), in order and without gaps; neighbours differ.
// Grants of pools that a plan does not have stand beside an allocation of 0. Committed are all
// grants of the pool, those beyond its allocation too.
std::vector<PoolSpan> PoolTimeline(const CapacityBook& book, const ReferenceData& reference,
                                   const std::string& pool, int64_t from_unix_seconds,
                                   int64_t to_unix_seconds);

struct Lender {
  std::string pool;
  int64_t micro_h100e = 0;  // that it could lend over the whole time, by its policy
};
// An undecided request or a grant that would not have its place any more.
struct Displaced {
  std::string request_id;
  bool granted = false;
};

// A request within an allocation that does not fit, asked for beyond it.
struct BeyondFit {
  bool fits = false;
  int64_t fits_micro_h100e = 0;
  int64_t missing_micro_h100e = 0;
  std::vector<Displaced> displaces;
};

// What a grant would be checked for when it is decided (CheckCommitments) is checked here beside
// the grants that there are: within an allocation, what is left of the allocation; beyond it, what
// is left of the shares of the category and the tier, and of the supply less the buffer. What was
// granted beyond an allocation takes nothing of that allocation until the plan has it. Hours that
// are over are not looked at.
struct Fit {
  bool fits = false;  // as it was asked
  // The first time from the asked start on at which it fits for its whole duration, at most
  // kLookAheadHours later; nothing: none.
  std::optional<int64_t> from_unix_seconds;
  // The latest end for which it would fit from then without a break; nothing: it fits nowhere, or
  // no end is in sight within kLookAheadHours.
  std::optional<int64_t> until_unix_seconds;
  // The least that is left during the asked time: so much fits.
  int64_t fits_micro_h100e = 0;
  // What is missing of the asked amount; 0: nothing.
  int64_t missing_micro_h100e = 0;
  // Undecided requests that rank lower, fit now as they were asked, and would not any more, best
  // first: within an allocation those of the pool, beyond it those of all pools. Then, if it does
  // not fit, the grants of a lower nature that would have to end for it: growth bets before goals,
  // and the latest decided first. None of these where that is not enough.
  std::vector<Displaced> displaces;
  // Most first, by what is not committed of their allocations and by their policies; each at most
  // what the asking pool may borrow.
  std::vector<Lender> lenders;
  // It is beyond the allocation, so that the capacity team decides, whether it fits or not.
  bool is_beyond = false;
  // Nothing: it is beyond already, or fits within.
  std::optional<BeyondFit> beyond;
  // What its form lacks to be decided by the capacity team, as fields: "roi", "trade_off". Of what
  // is beyond, or does not fit within.
  std::vector<std::string> needs;
};

inline constexpr int64_t kLookAheadHours = int64_t{366} * 24;

Fit DoesItFit(const CapacityBook& book, const ReferenceData& reference, const CapacityForm& form,
              const Worth& worth, int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
