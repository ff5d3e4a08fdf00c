#include "daemon/config/load_config.h"

#include <algorithm>
#include <utility>

#include "daemon/config/load_framework.h"
#include "daemon/config/load_outcomes.h"
#include "daemon/config/plan_file.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

// Within one name, later plans have higher versions.
void CheckOrder(const PlanFile& a, const PlanFile& b, std::vector<std::string>* errors) {
  const bool a_first = a.plan.effective_from_unix_nanos < b.plan.effective_from_unix_nanos;
  const PlanFile& earlier = a_first ? a : b;
  const PlanFile& later = a_first ? b : a;
  if (a.plan.name != b.plan.name || earlier.plan.version <= later.plan.version) return;
  errors->push_back(
      fmt::format("{}:{}: version: {} version {} takes effect after version {} of {}:{}; expected "
                  "a higher version than that",
                  later.path, later.version_line, later.plan.name, later.plan.version,
                  earlier.plan.version, earlier.path, earlier.version_line));
}

// What two plans may not have in common.
void CheckPair(const PlanFile& a, const PlanFile& b, std::vector<std::string>* errors) {
  if (a.plan.effective_from_unix_nanos == b.plan.effective_from_unix_nanos) {
    errors->push_back(
        fmt::format("{}:{}: effective_from: is the same as in {}:{}; expected plans to take effect "
                    "at different times",
                    b.path, b.effective_from_line, a.path, a.effective_from_line));
  }
  if (a.plan.name == b.plan.name && a.plan.version == b.plan.version) {
    errors->push_back(
        fmt::format("{}:{}: version: {} version {} is also in {}:{}; expected a version of its own",
                    b.path, b.version_line, b.plan.name, b.plan.version, a.path, a.version_line));
  }
  CheckOrder(a, b, errors);
}

// Reads an optional file of the reference.
template <class Load, class Out>
void LoadInto(const std::string& path, const Load& load, Out* out,
              std::vector<std::string>* errors) {
  if (path.empty()) return;
  auto loaded = load(path);
  if (!loaded.ok()) {
    errors->emplace_back(loaded.status().message());
    return;
  }
  *out = *std::move(loaded);
}

}  // namespace

absl::StatusOr<ReferenceData> LoadReferenceData(const DaemonConfig& config) {
  if (config.plans.empty()) return absl::InvalidArgumentError("no plans; expected at least one");
  auto catalog = LoadCatalog(config.catalog);
  if (!catalog.ok()) return catalog.status();
  ReferenceData reference{
      .catalog = *std::move(catalog), .plans = {}, .framework = {}, .outcomes = {}};
  std::vector<std::string> errors;
  std::vector<PlanFile> files;
  for (const std::string& path : config.plans) {
    auto file = LoadPlanFile(path, reference.catalog);
    if (!file.ok()) {
      errors.emplace_back(file.status().message());
      continue;
    }
    for (const PlanFile& earlier : files) CheckPair(earlier, *file, &errors);
    files.push_back(*std::move(file));
  }
  LoadInto(
      config.framework, [](const std::string& path) { return LoadFramework(path); },
      &reference.framework, &errors);
  reference.outcomes = config.outcomes.rules;
  LoadInto(config.outcomes.prices, LoadPriceBook, &reference.outcomes.prices, &errors);
  LoadInto(config.outcomes.benchmarks, LoadBenchmarkSuite, &reference.outcomes.suite, &errors);
  if (!errors.empty())
    return absl::InvalidArgumentError(fmt::format("{}", fmt::join(errors, "\n")));
  for (PlanFile& file : files) reference.plans.push_back(std::move(file.plan));
  std::sort(reference.plans.begin(), reference.plans.end(), [](const Plan& a, const Plan& b) {
    return a.effective_from_unix_nanos < b.effective_from_unix_nanos;
  });
  return reference;
}

}  // namespace fleetmeter
