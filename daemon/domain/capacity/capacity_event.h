// What was decided about requests for capacity, one event a decision. Events are kept for ever, and
// all that is known of requests is folded from them (capacity_book.h). Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/capacity/capacity_form.h"

namespace fleetmeter::capacity {

enum class Action : uint8_t {
  kSubmit,
  kAmend,     // who asks says something else, before it is decided
  kWithdraw,  // who asked does not want it any more, before it is decided
  kRank,      // the pool's owner puts the workloads of a nature into an order
  kGrant,
  kDecline,
  kRelease,  // a grant ends before its time
};
inline constexpr std::array kActions = {Action::kSubmit, Action::kAmend, Action::kWithdraw,
                                        Action::kRank,   Action::kGrant, Action::kDecline,
                                        Action::kRelease};
// "submit", "amend", "withdraw", "rank", "grant", "decline", "release".
std::string_view Name(Action action);
std::optional<Action> ParseAction(std::string_view text);

// What a catalog makes of chips: worked out when the event happened, and never typed.
struct Worth {
  int64_t micro_h100e = 0;
  int64_t catalog_version = 0;

  friend bool operator==(const Worth&, const Worth&) = default;
};

// Fields that an action has nothing to say about are empty or 0.
struct CapacityEvent {
  int64_t number = 0;  // 1, 2, 3, ... over all requests
  int64_t at_unix_nanos = 0;
  Action action = Action::kSubmit;
  std::string identity;    // who, from the transport
  std::string reason;      // why
  std::string request_id;  // all but kRank
  // Of the request: how many events there are of it with this one.
  int64_t revision = 0;

  CapacityForm form;  // kSubmit, kAmend
  Worth worth;        // kSubmit, kAmend: of the chips asked; kGrant: of those granted

  // kGrant: at most the chips that were asked for, of the same kind.
  int64_t granted_chips = 0;
  int64_t start_unix_seconds = 0;  // kGrant
  int64_t end_unix_seconds = 0;    // kGrant, half-open; kRelease: the new end
  // kGrant, kDecline: events with the same number here were decided together.
  int64_t decision = 0;

  // kRank: of one pool and nature, the workloads in the order in which they are served. Those that
  // are not named come after them.
  std::string pool;
  Nature nature = Nature::kCritical;
  std::vector<std::string> workloads;

  friend bool operator==(const CapacityEvent&, const CapacityEvent&) = default;
};

}  // namespace fleetmeter::capacity
