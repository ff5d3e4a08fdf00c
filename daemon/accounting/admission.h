// May this report be counted? Pure: the same report, model and times give the same answer.
#pragma once

#include <cstdint>
#include <optional>

#include "daemon/accounting/clock_watch.h"
#include "daemon/base/duration_account.h"
#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

struct WindowLimits {
  int64_t max_length_nanos = 0;
  // A window that ended longer ago than this is booked as an adjustment ...
  int64_t max_lateness_nanos = 0;
  // ... unless it ended longer ago than this: then it is refused. At least max_lateness.
  int64_t adjust_up_to_nanos = 0;
  int64_t future_tolerance_nanos = 0;
};

struct AdmissionContext {
  const ReferenceData& reference;
  WindowLimits limits;
  // The present, by whichever clocks there are to believe.
  ClockReading now;
  // What was counted of the source; nullptr for a new one.
  const WindowSet* windows = nullptr;
  // What the source has saved for durations that are longer than their windows.
  DurationAccount durations = {};
  // 1 unless the stream declared a replay speed: durations are in recorded time, which passes this
  // many times as fast.
  double replay_speed = 1;
  // Brought as history: of any age, and windows may be as long as a day.
  bool history = false;
  // Some of the source's windows came from its host, not as history.
  bool reports_live = false;
  // The sender keeps deferred reports from this moment on, so that no gap behind it may be closed.
  // 0: it keeps none.
  int64_t keep_open_from_unix_nanos = 0;
};

// nullopt: yes. The report has been through DecodeReport, so its own structure is sound.
std::optional<Rejection> CheckAdmission(const UsageReport& report, const AdmissionContext& context);

// How long a report took to measure by the clocks of its sender, to the nanosecond.
int64_t SenderDuration(const UsageReport& report, double replay_speed);
// Whether an admitted report comes too late for its own hours.
bool IsAdjustment(const UsageReport& report, const AdmissionContext& context);

}  // namespace fleetmeter
