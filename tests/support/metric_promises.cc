#include "tests/support/metric_promises.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "gtest/gtest.h"

namespace fleetmeter::e2e {
namespace {

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    const size_t first = part.find_first_not_of(" `");
    const size_t last = part.find_last_not_of(" `");
    parts.push_back(first == std::string::npos ? "" : part.substr(first, last - first + 1));
  }
  return parts;
}

// A histogram's samples belong to the family without their suffix.
std::string FamilyOf(const std::string& name, const Scrape& scrape) {
  for (const std::string suffix : {"_bucket", "_sum", "_count"}) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix)) continue;
    const std::string family = name.substr(0, name.size() - suffix.size());
    const auto found = scrape.types().find(family);
    if (found != scrape.types().end() && found->second == "histogram") return family;
  }
  return name;
}

}  // namespace

void PrintTo(const Promise& promise, std::ostream* out) {
  *out << promise.type << " of " << testing::PrintToString(promise.labels);
}

// The rows of the tables of METRICS.md: | `name` | type | label, label | meaning |
std::map<std::string, Promise> ReadPromises(const std::string& prefix) {
  std::map<std::string, Promise> promises;
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/dashboards/METRICS.md");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("| `" + prefix, 0) != 0) continue;
    if (prefix.empty() && line.rfind("| `fleetmeter_collector_", 0) == 0) continue;
    const std::vector<std::string> cells = Split(line, '|');
    Promise promise{cells.at(2), {}};
    for (const std::string& label : Split(cells.at(3), ',')) promise.labels.insert(label);
    EXPECT_TRUE(promises.emplace(cells.at(1), promise).second) << cells.at(1) << " is there twice";
  }
  return promises;
}

std::map<std::string, std::set<std::string>> LabelsByFamily(const Scrape& scrape) {
  std::map<std::string, std::set<std::string>> labels;
  for (const Sample& sample : scrape.samples()) {
    std::set<std::string>& names = labels[FamilyOf(sample.name, scrape)];
    for (const auto& [name, value] : sample.labels) names.insert(name);
  }
  return labels;
}

bool IsOutcomeFamily(const std::string& family) {
  for (const char* prefix : {"inference_", "training_", "capability_", "model_capability_",
                             "benchmark_", "outcome", "research_", "price_book_"}) {
    if (family.starts_with(std::string("fleetmeter_") + prefix)) return true;
  }
  return false;
}

}  // namespace fleetmeter::e2e
