// Who holds chips, or waits for them, and whose that is by the rules. A plain value.
#pragma once

#include <optional>
#include <string>

#include "collectors/attribution/attributes.h"
#include "collectors/attribution/attribution_rules.h"

namespace fleetmeter::collector {

// A pod, a job or a process that holds chips or waits for them.
struct Holder {
  // For the rules: names of the source's vocabulary.
  Attributes attributes;
  // What tells it from the holders that other sources name, for messages: "pod ml/train-0".
  std::string name;

  // By the rules of the source that saw it; AttributeHolders (attribute_holders.h) fills both in.
  // Nothing: no rule took it.
  std::optional<Assignment> assignment;
  std::string rule;  // for people: "collector.yaml:31 (rule 2)"; empty: no rule
  // Nobody was seen: a rule took the chip by its host, device or kind, because its source cannot
  // see holders. A source that can see them decides before it.
  bool by_place = false;
};

}  // namespace fleetmeter::collector
