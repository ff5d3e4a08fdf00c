// Where live sources leave what they counted, for whoever reports it.
#pragma once

#include <string>

#include "collectors/device/served.h"

namespace fleetmeter::collector {

// Called by the sampling thread.
class ServedDesk {
 public:
  virtual ~ServedDesk() = default;
  virtual void Take(const std::string& source, const ServedReading& reading) = 0;
};

}  // namespace fleetmeter::collector
