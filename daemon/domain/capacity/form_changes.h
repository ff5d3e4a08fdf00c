// What tells two forms apart, for messages. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/domain/capacity/capacity_form.h"

namespace fleetmeter::capacity {

// Values as people read them; "nothing" where there is none.
struct FormChange {
  std::string field;  // by its name in capacity.proto
  std::string from;
  std::string to;
};

// In the order of the form's fields; empty: they are the same.
std::vector<FormChange> ChangesOf(const CapacityForm& from, const CapacityForm& to);

}  // namespace fleetmeter::capacity
