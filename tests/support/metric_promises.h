// What dashboards/METRICS.md promises, and what a scrape keeps of it.
#pragma once

#include <map>
#include <ostream>
#include <set>
#include <string>

#include "tests/support/scrape.h"

namespace fleetmeter::e2e {

struct Promise {
  std::string type;
  std::set<std::string> labels;

  friend bool operator==(const Promise&, const Promise&) = default;
};
void PrintTo(const Promise& promise, std::ostream* out);

// The families whose names begin with `prefix`; the collector's own only if that is asked for.
std::map<std::string, Promise> ReadPromises(const std::string& prefix);

// The names of the labels of each family; a histogram's samples belong to it without their suffix.
std::map<std::string, std::set<std::string>> LabelsByFamily(const Scrape& scrape);

// Of what outcomes come to: most have series with outcome reports only. outcome_service_test.cc
// looks at them.
bool IsOutcomeFamily(const std::string& family);

}  // namespace fleetmeter::e2e
