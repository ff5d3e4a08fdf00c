// What answers about requests for capacity are worked out of. Plain values.
#pragma once

#include <cstdint>
#include <memory>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter {

struct CapacityMoment {
  std::shared_ptr<const capacity::CapacityBook> book;
  std::shared_ptr<const ReferenceData> reference;
  int64_t now_unix_nanos = 0;

  int64_t now_unix_seconds() const { return now_unix_nanos / kNanosPerSecond; }
  const Plan& plan() const { return reference->PlanAt(now_unix_nanos); }
};

}  // namespace fleetmeter
