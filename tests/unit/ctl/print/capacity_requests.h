// Requests for capacity for the tests of what is printed of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string>

#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {

inline constexpr int64_t kFirstDay = 1'796'083'200;  // 2026-12-01
inline constexpr int64_t kAnHour = 3'600;
// What turns text around, clears a terminal and would be a formula.
inline constexpr char kHostile[] = "\x1b[2Jgo\x07 それ \u202e=1+1";

inline v1::CapacityRequest LongRequest() {
  v1::CapacityRequest request;
  v1::CapacityForm& form = *request.mutable_form();
  form.set_request_id("rl-rollouts-2026-12-01-k3f9");
  form.set_pool("research-post-training");
  form.set_team("rl");
  form.set_chip("b200");
  form.set_chips(16);
  form.set_cores(256);
  form.set_start_unix_seconds(kFirstDay + 9 * kAnHour);
  form.set_hours(336);
  form.set_workload("rl-rollouts");
  form.set_workload_type("rl");
  form.set_run("rl-9");
  form.set_nature("company_goal");
  form.set_goal("Flagship 5");
  form.set_beyond_allocation(true);
  form.set_trade_off("Two sweeps wait.\nThey may start in January.");
  v1::Roi& roi = *form.mutable_roi();
  roi.set_gain("revenue");
  roi.set_expected_micro_usd(1'500'000'000'000);
  roi.set_low_micro_usd(800'000'500'000);
  roi.set_high_micro_usd(2'500'000'000'000);
  roi.set_confidence_basis_points(9'000);
  roi.set_expected_by_unix_seconds(1'806'451'200);
  request.set_state("submitted");
  request.set_micro_h100e(48'000'000);
  request.set_micro_h100e_hours(16'128'000'000);
  request.set_catalog_version(1);
  request.set_revision(2);
  request.set_asked_by("spiffe://example.org/team/rl");
  request.set_asked_unix_nanos(kSomeTime);
  return request;
}

inline v1::CapacityRequest GrantedRequest() {
  v1::CapacityRequest request = LongRequest();
  request.set_state("granted_in_part");
  v1::CapacityGrant& grant = *request.mutable_grant();
  grant.set_chips(8);
  grant.set_micro_h100e(24'000'000);
  grant.set_start_unix_seconds(kFirstDay + 9 * kAnHour);
  grant.set_end_unix_seconds(kFirstDay + 9 * kAnHour + 30 * kAnHour);
  grant.set_decision(2);
  grant.set_identity("spiffe://example.org/committee");
  grant.set_reason("the half that fits");
  grant.set_decided_unix_nanos(kSomeTime);
  return request;
}

inline size_t WidestLine(const std::string& text) {
  std::istringstream in(text);
  size_t widest = 0;
  for (std::string line; std::getline(in, line);) widest = std::max(widest, DisplayWidth(line));
  return widest;
}

}  // namespace fleetmeter::ctl
