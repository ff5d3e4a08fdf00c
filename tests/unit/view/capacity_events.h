// Requests for capacity as a test tells them: each call is an event of the book.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/domain/capacity/capacity_book.h"

namespace fleetmeter {

// 2026-03-30 22:00:00 UTC, a full hour.
inline constexpr int64_t kBookStart = 1'774'908'000;
inline constexpr int64_t kBookHour = 3'600;

// A chip is worth half an H100e.
class ToldBook {
 public:
  // Seconds since kBookStart at which what follows happens.
  void At(int64_t seconds) { now_ = seconds; }

  // For `hours` from an hour on that is counted from kBookStart.
  void Ask(const std::string& id, int64_t chips, int64_t from_hour, int64_t hours,
           capacity::Nature nature = capacity::Nature::kGrowthBet,
           const std::string& pool = "alpha", const std::string& team = "red") {
    capacity::CapacityEvent event = Event(capacity::Action::kSubmit, id);
    event.form.request_id = id;
    event.form.pool = pool;
    event.form.team = team;
    event.form.chip = "half";
    event.form.chips = chips;
    event.form.start_unix_seconds = kBookStart + from_hour * kBookHour;
    event.form.hours = hours;
    event.form.workload = "w";
    event.form.nature = nature;
    event.worth.micro_h100e = chips * 500'000;
    book_.Apply(event);
  }

  void AskBeyond(const std::string& id, int64_t chips, int64_t from_hour, int64_t hours) {
    Ask(id, chips, from_hour, hours);
    capacity::CapacityEvent event = Event(capacity::Action::kAmend, id);
    event.form = book_.Find(id)->form;
    event.form.beyond_allocation = true;
    event.worth.micro_h100e = chips * 500'000;
    book_.Apply(event);
  }

  // What was asked, or fewer chips of it.
  void Grant(const std::string& id, int64_t chips) {
    const capacity::CapacityForm& form = book_.Find(id)->form;
    capacity::CapacityEvent event = Event(capacity::Action::kGrant, id);
    event.granted_chips = chips;
    event.worth.micro_h100e = chips * 500'000;
    event.start_unix_seconds = form.start_unix_seconds;
    event.end_unix_seconds = form.end_unix_seconds();
    event.decision = event.number;
    book_.Apply(event);
  }

  void Decline(const std::string& id) {
    capacity::CapacityEvent event = Event(capacity::Action::kDecline, id);
    event.decision = event.number;
    book_.Apply(event);
  }
  void Withdraw(const std::string& id) { book_.Apply(Event(capacity::Action::kWithdraw, id)); }
  void Release(const std::string& id, int64_t end_hour) {
    capacity::CapacityEvent event = Event(capacity::Action::kRelease, id);
    event.end_unix_seconds = kBookStart + end_hour * kBookHour;
    book_.Apply(event);
  }

  const capacity::CapacityBook& book() const { return book_; }
  int64_t now() const { return kBookStart + now_; }

 private:
  capacity::CapacityEvent Event(capacity::Action action, const std::string& id) {
    capacity::CapacityEvent event;
    event.number = book_.last_number() + 1;
    event.at_unix_nanos = (kBookStart + now_) * kNanosPerSecond;
    event.action = action;
    event.identity = "spiffe://fleet/red";
    event.reason = "a test";
    event.request_id = id;
    const capacity::CapacityRequest* known = book_.Find(id);
    event.revision = known == nullptr ? 1 : known->revision + 1;
    return event;
  }

  capacity::CapacityBook book_;
  int64_t now_ = 0;
};

}  // namespace fleetmeter
