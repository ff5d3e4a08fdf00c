#include "daemon/serve/metrics/metric_units.h"

namespace fleetmeter {
namespace {

struct Unit {
  std::string_view name;  // as names end
  std::string_view ucum;
};

// The longest before those that they end with.
//
// A receiver may make a name of Prometheus from name and unit: it then adds what the unit says and
// the name does not. So a time that stands below a stroke is in braces where no name has its word.
constexpr Unit kUnits[] = {
    {"h100e_seconds_per_year", "{H100e}.s/{year}"},
    {"usd_per_h100e_hour", "{USD}/{H100e.hour}"},
    {"usd_per_million_tokens", "{USD}/{Mtokens}"},
    {"usd_per_year", "{USD}/{year}"},
    {"tokens_per_second", "{tokens}/s"},
    {"h100e_seconds", "{H100e}.s"},
    {"chip_seconds", "{chips}.s"},
    {"h100e", "{H100e}"},
    {"seconds", "s"},
    {"bytes", "By"},
    {"ratio", "1"},
    {"usd", "{USD}"},
};

constexpr std::string_view kTotal = "_total";

const Unit* Find(const Metric& metric) {
  const std::string_view name = FamilyName(metric);
  for (const Unit& unit : kUnits) {
    if (!name.ends_with(unit.name)) continue;
    return name.substr(0, name.size() - unit.name.size()).ends_with('_') ? &unit : nullptr;
  }
  return nullptr;
}

}  // namespace

std::string_view FamilyName(const Metric& metric) {
  std::string_view name = metric.name;
  if (metric.type == MetricType::kCounter && name.ends_with(kTotal)) {
    name.remove_suffix(kTotal.size());
  }
  return name;
}

std::string_view UnitOf(const Metric& metric) {
  const Unit* unit = Find(metric);
  return unit == nullptr ? std::string_view() : unit->name;
}

std::string_view UcumUnitOf(const Metric& metric) {
  const Unit* unit = Find(metric);
  return unit == nullptr ? std::string_view() : unit->ucum;
}

}  // namespace fleetmeter
