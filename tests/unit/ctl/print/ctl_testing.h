// Answers of a daemon for the tests of what is printed.
#pragma once

#include <string>

#include "fleetmeter/v1/query.pb.h"

namespace fleetmeter::ctl {

// 2026-01-02 03:04:05Z.
inline constexpr int64_t kSomeTime = 1'767'323'045'000'000'000;

inline v1::Basis SomeBasis() {
  v1::Basis basis;
  basis.set_plan("openb");
  basis.set_plan_version(3);
  basis.set_scenario("replay");
  basis.set_catalog_version(2);
  basis.set_as_of_unix_nanos(kSomeTime);
  return basis;
}

// 1,000 H100e allocated, 700 assigned, 300 free; measured by one signal.
inline v1::Pool MeasuredPool() {
  v1::Pool pool;
  pool.set_pool("serving");
  pool.set_category("inference");
  pool.set_tier("p2");
  pool.set_owner("API Serving");
  pool.set_contact("#serving");
  pool.set_allocated_h100e(1'000);
  pool.set_assigned_h100e(700);
  pool.set_busy_h100e(523.25);
  pool.set_idle_h100e(176.75);
  pool.set_headroom_h100e(300);
  pool.set_coverage_ratio(1);
  pool.set_measured_ratio(1);
  pool.set_utilization_ratio(0.52325);
  pool.set_activity_p50(0.75);
  pool.set_idle_chips(4);
  v1::ChipUse& use = *pool.add_chips();
  use.set_chip("h100");
  use.set_signal("gr_engine_active");
  use.set_assigned_micro_chips(700'500'000);
  use.set_assigned_chip_nanos_total("170141183460469231731687303715884105727");
  use.set_busy_chip_nanos_total("1500000000");
  use.set_productive_chip_nanos_total("0");
  v1::TeamUse& team = *pool.add_teams();
  team.set_team("api");
  team.set_assigned_h100e(700);
  return pool;
}

// Heard from, but nothing measures it.
inline v1::Pool UnmeasuredPool() {
  v1::Pool pool;
  pool.set_pool("research");
  pool.set_category("research");
  pool.set_tier("p2");
  pool.set_owner("Research");
  pool.set_allocated_h100e(10);
  pool.set_assigned_h100e(9.75);
  pool.set_headroom_h100e(0.25);
  pool.set_coverage_ratio(1);
  return pool;
}

inline v1::ListPoolsResponse SomePools() {
  v1::ListPoolsResponse response;
  *response.mutable_basis() = SomeBasis();
  *response.add_pools() = MeasuredPool();
  *response.add_pools() = UnmeasuredPool();
  return response;
}

}  // namespace fleetmeter::ctl
