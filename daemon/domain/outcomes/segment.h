// Whom a model serves: what requests, revenue and cost are told apart by.
#pragma once

#include <string>

namespace fleetmeter::outcomes {

struct Segment {
  std::string model;
  std::string customer_tier;

  friend auto operator<=>(const Segment&, const Segment&) = default;
};

}  // namespace fleetmeter::outcomes
