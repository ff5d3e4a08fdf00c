// May this report be counted? Pure: the same report, model and times give the same answer.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/fleet/fleet_model.h"
#include "daemon/usage/usage_report.h"

namespace fleetmeter {

struct WindowLimits {
  int64_t max_length_nanos = 0;
  int64_t max_lateness_nanos = 0;
  int64_t future_tolerance_nanos = 0;
};

struct AdmissionContext {
  const FleetModel& model;
  WindowLimits limits;
  int64_t now_unix_nanos = 0;
  // End of the source's latest counted window; none for a new source.
  std::optional<int64_t> last_window_end_unix_nanos;
  // 1 unless the stream declared a replay speed: duration may be this many times the length.
  double replay_speed = 1;
};

// nullopt: yes. The report has been through DecodeReport, so its own structure is sound.
std::optional<Rejection> CheckAdmission(const UsageReport& report, const AdmissionContext& context);

}  // namespace fleetmeter
