// Where live sources leave what they counted, for whoever reports it.
#pragma once

#include <set>
#include <string>

#include "collectors/device/served.h"

namespace fleetmeter::collector {

// Called by the sampling thread.
class ServedDesk {
 public:
  virtual ~ServedDesk() = default;
  virtual void Take(const std::string& source, const ServedReading& reading) = 0;
  // From now on only these sources count: what another one has counted is reported, and it ends.
  virtual void Keep(const std::set<std::string>& sources) = 0;
};

}  // namespace fleetmeter::collector
