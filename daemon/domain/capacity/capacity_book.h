// Every request for capacity and what became of it: the fold of all events.
//
// A CapacityBook is immutable once it is shared: the writer copies it, applies an event, and
// publishes the copy. Requests are shared between copies. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/domain/capacity/capacity_event.h"

namespace fleetmeter::capacity {

// Where a request stands. What was decided is kept; that time has passed is worked out.
enum class State : uint8_t {
  kSubmitted,
  kRanked,         // the owner of its pool has put its workload into an order since
  kGranted,        // as it was asked
  kGrantedInPart,  // fewer chips, a shorter time, or both
  kDeclined,
  kWithdrawn,
  kActive,   // granted, and its time has begun
  kEnded,    // granted, and its time is over
  kExpired,  // its time was over before anybody decided
};
inline constexpr std::array kStates = {State::kSubmitted,     State::kRanked,   State::kGranted,
                                       State::kGrantedInPart, State::kDeclined, State::kWithdrawn,
                                       State::kActive,        State::kEnded,    State::kExpired};
// "submitted", "ranked", "granted", "granted_in_part", "declined", "withdrawn", "active", "ended",
// "expired".
std::string_view Name(State state);
std::optional<State> ParseState(std::string_view text);

struct Grant {
  int64_t chips = 0;
  Worth worth;
  int64_t start_unix_seconds = 0;
  int64_t end_unix_seconds = 0;  // half-open; a release moves it
  int64_t decision = 0;
  std::string identity;  // who decided
  std::string reason;
  int64_t at_unix_nanos = 0;
};

struct CapacityRequest {
  CapacityForm form;
  Worth worth;
  int64_t revision = 0;
  std::string asked_by;
  int64_t asked_unix_nanos = 0;  // of the first submission: its age
  bool ranked = false;
  std::optional<Grant> grant;
  std::optional<CapacityEvent> declined;
  std::optional<CapacityEvent> withdrawn;
  std::vector<CapacityEvent> events;  // all of it, oldest first

  bool decided() const { return grant || declined || withdrawn; }
  State StateAt(int64_t unix_seconds) const;
};

// The order that the owner of a pool has given to the workloads of a nature.
struct OwnersOrder {
  std::vector<std::string> workloads;
  std::string identity;
  std::string reason;
  int64_t at_unix_nanos = 0;
};

class CapacityBook {
 public:
  using Requests = std::map<std::string, std::shared_ptr<const CapacityRequest>, std::less<>>;
  using Orders = std::map<std::pair<std::string, Nature>, OwnersOrder>;

  // Takes an event that has been checked (capacity_order.h), the next by number.
  void Apply(const CapacityEvent& event);

  const Requests& requests() const { return requests_; }
  const CapacityRequest* Find(std::string_view request_id) const;
  const Orders& orders() const { return orders_; }
  int64_t last_number() const { return last_number_; }
  int64_t last_decision() const { return last_decision_; }

 private:
  Requests requests_;
  Orders orders_;
  int64_t last_number_ = 0;
  int64_t last_decision_ = 0;
};

}  // namespace fleetmeter::capacity
