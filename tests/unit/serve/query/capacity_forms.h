// Requests for capacity for tests: a form as it is sent, and a book of them.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter {

// The full hour after kStart.
inline constexpr int64_t kNextHour =
    (kStart / kNanosPerSecond / kSecondsPerHour + 1) * kSecondsPerHour;

// 20 chips of 1/2 H100e of pool alpha for team red, for a day.
inline v1::CapacityForm SmallForm(const std::string& request_id) {
  v1::CapacityForm form;
  form.set_request_id(request_id);
  form.set_pool("alpha");
  form.set_team("red");
  form.set_chip("half");
  form.set_chips(20);
  form.set_start_unix_seconds(kNextHour);
  form.set_hours(24);
  form.set_workload("search");
  form.set_nature("growth_bet");
  return form;
}

// With what a request beyond the allocation needs.
inline v1::CapacityForm BeyondForm(const std::string& request_id) {
  v1::CapacityForm form = SmallForm(request_id);
  form.set_beyond_allocation(true);
  form.set_trade_off("The other search waits.");
  v1::Roi& roi = *form.mutable_roi();
  roi.set_gain("revenue");
  roi.set_expected_micro_usd(5'000'000);
  roi.set_low_micro_usd(4'000'000);
  roi.set_high_micro_usd(9'000'000);
  roi.set_confidence_basis_points(9'000);
  roi.set_expected_by_unix_seconds((kNextHour / kSecondsPerDay + 30) * kSecondsPerDay);
  return form;
}

// Adds a request to a book, as the writer would.
inline void AddTo(capacity::CapacityBook* book, const capacity::CapacityForm& form) {
  capacity::CapacityEvent event;
  event.number = book->last_number() + 1;
  event.at_unix_nanos = kStart;
  event.identity = "spiffe://example.org/asker";
  event.request_id = form.request_id;
  event.revision = 1;
  event.form = form;
  book->Apply(event);
}

}  // namespace fleetmeter
