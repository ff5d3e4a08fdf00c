#include "tests/support/metric_promises.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

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

std::set<std::string> LabelsOf(const Sample& sample) {
  std::set<std::string> names;
  for (const auto& [name, value] : sample.labels) names.insert(name);
  return names;
}

// Only the buckets of a histogram have "le".
std::set<std::string> PromisedLabels(const Promise& promise, const Sample& sample) {
  std::set<std::string> labels = promise.labels;
  if (promise.type == "histogram" && !sample.name.ends_with("_bucket")) labels.erase("le");
  return labels;
}

std::string Found(const std::map<std::string, std::string>& values, const std::string& family) {
  const auto found = values.find(family);
  return found == values.end() ? "" : found->second;
}

void CompareFamilies(const Scrape& scrape, const std::vector<Promise>& promises,
                     std::vector<std::string>* broken) {
  std::vector<std::string> promised;
  for (const Promise& promise : promises) promised.push_back(promise.family);
  if (scrape.families() != promised) {
    broken->push_back(fmt::format("families are {}; promised {}", scrape.families(), promised));
  }
  for (const Promise& promise : promises) {
    if (const auto type = Found(scrape.types(), promise.family); type != promise.type) {
      broken->push_back(fmt::format("{} is a '{}'", promise.family, type));
    }
    if (const auto help = Found(scrape.helps(), promise.family); help != promise.meaning) {
      broken->push_back(fmt::format("{} says '{}'", promise.family, help));
    }
  }
}

void CompareSamples(const Scrape& scrape, const std::vector<Promise>& promises,
                    std::vector<std::string>* broken) {
  std::map<std::string, const Promise*> by_family;
  for (const Promise& promise : promises) by_family[promise.family] = &promise;
  for (const Sample& sample : scrape.samples()) {
    const auto found = by_family.find(FamilyOf(sample.name, scrape));
    if (found == by_family.end()) {
      broken->push_back(sample.name + " is of no promised family");
    } else if (LabelsOf(sample) != PromisedLabels(*found->second, sample)) {
      broken->push_back(fmt::format("{} has the labels {}", sample.name, LabelsOf(sample)));
    }
  }
}

}  // namespace

// A row is | `name` | type | label, label | meaning |
std::vector<Promise> ReadPromises(const std::function<bool(std::string_view)>& wanted) {
  std::vector<Promise> promises;
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/dashboards/METRICS.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = Split(line, '|');
    Promise promise{
        .family = cells.at(1), .type = cells.at(2), .labels = {}, .meaning = cells.at(4)};
    for (const std::string& label : Split(cells.at(3), ',')) promise.labels.insert(label);
    promise.labels.erase("");
    if (wanted(promise.family)) promises.push_back(std::move(promise));
  }
  return promises;
}

std::vector<std::string> BrokenPromises(const Scrape& scrape,
                                        const std::vector<Promise>& promises) {
  std::vector<std::string> broken = scrape.errors();
  CompareFamilies(scrape, promises, &broken);
  CompareSamples(scrape, promises, &broken);
  return broken;
}

std::vector<std::string> FamiliesWithoutSeries(const Scrape& scrape) {
  std::set<std::string> with;
  for (const Sample& sample : scrape.samples()) with.insert(FamilyOf(sample.name, scrape));
  std::vector<std::string> without;
  for (const std::string& family : scrape.families()) {
    if (!with.contains(family)) without.push_back(family);
  }
  return without;
}

bool IsCollectorFamily(std::string_view family) {
  return family.starts_with("fleetmeter_collector_");
}

bool IsLiveSourceFamily(std::string_view family) {
  return family.starts_with("fleetmeter_collector_source_") ||
         family.starts_with("fleetmeter_collector_unattributed_") ||
         family.starts_with("fleetmeter_collector_quota_") ||
         family.starts_with("fleetmeter_collector_config_") ||
         family.starts_with("fleetmeter_collector_served_") ||
         family == "fleetmeter_collector_unknown_kind_chips" ||
         family == "fleetmeter_collector_alike_hosts" ||
         family == "fleetmeter_collector_left_out_hosts" ||
         family == "fleetmeter_collector_unheard_hosts" ||
         family == "fleetmeter_collector_withheld_chips";
}

bool IsOutcomeFamily(std::string_view family) {
  for (const char* prefix : {"inference_", "training_", "capability_", "model_capability_",
                             "benchmark_", "outcome", "research_", "price_book_"}) {
    if (family.starts_with(std::string("fleetmeter_") + prefix)) return true;
  }
  return false;
}

namespace {

bool HasAnyOf(std::string_view family, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
    return family.starts_with("fleetmeter_" + prefix);
  });
}

}  // namespace

bool IsSpendingFamily(std::string_view family) {
  return HasAnyOf(family, {"pool_budget_", "team_budget_", "pool_lent_", "lending_", "spending_"});
}

bool IsRequestFamily(std::string_view family) {
  return HasAnyOf(family, {"capacity_", "grant_", "grants_"});
}

}  // namespace fleetmeter::e2e
