#include "daemon/config/read_pool.h"

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxTextBytes = 128;
constexpr double kMaxH100e = 1e12;

// Reads a scalar as one of an enum's names.
template <class Kind>
void ReadKind(const YamlValue& value, std::optional<Kind> (*parse)(std::string_view),
              std::string_view expected, Kind* out) {
  const std::string* text = value.Scalar(expected);
  if (text == nullptr) return;
  if (const auto kind = parse(*text)) {
    *out = *kind;
  } else {
    value.Complain(fmt::format("is {}; expected {}", Quoted(*text), expected));
  }
}

void ReadPer(const YamlValue& value, HoursBudget::Per* out) {
  using enum HoursBudget::Per;
  std::string name;
  value.ReadChoice({Name(kMonth), Name(kQuarter)}, &name);
  if (name == Name(kMonth)) *out = kMonth;
  if (name == Name(kQuarter)) *out = kQuarter;
}

HoursBudget ReadBudget(const YamlValue& section) {
  HoursBudget budget;
  YamlMap map(section);
  map.Required("h100e_hours", "how many H100e-hours there are")
      .ReadAmount(0, kMostBudgetHours, &budget.h100e_hours);
  const YamlValue per = map.Optional("per");
  const YamlValue from = map.Optional("from");
  const YamlValue to = map.Optional("to");
  if (per.present() ? from.present() || to.present() : !from.present() || !to.present()) {
    section.Complain(
        "does not say for which time; expected either per: quarter or month, or from and to");
  }
  ReadPer(per, &budget.per);
  from.ReadTime(&budget.from_unix_nanos);
  to.ReadTime(&budget.to_unix_nanos);
  return budget;
}

}  // namespace

void ReadCategory(const YamlValue& value, Category* out) {
  ReadKind(value, ParseCategory, kCategoryNames, out);
}

void ReadTier(const YamlValue& value, Tier* out) { ReadKind(value, ParseTier, kTierNames, out); }

void ReadOwner(const YamlValue& value, std::string* out) { value.ReadText(kMaxTextBytes, out); }

void ReadTeams(const YamlValue& list, std::vector<std::string>* out) {
  for (const YamlValue& team : list.Items()) team.ReadName(&out->emplace_back());
}

void ReadPolicy(const YamlValue& section, LendingPolicy* out) {
  YamlMap map(section);
  map.Optional("lendable").ReadShare(&out->lendable_ratio);
  const YamlValue limit = map.Optional("borrowing_limit_h100e");
  if (limit.present()) limit.ReadNumber(0, kMaxH100e, &out->borrowing_limit_h100e.emplace(0));
}

void ReadBudgets(const YamlValue& pool, const YamlValue& teams, std::optional<HoursBudget>* of_pool,
                 std::map<std::string, HoursBudget>* of_teams) {
  if (pool.present()) *of_pool = ReadBudget(pool);
  YamlMap map(teams);
  for (const auto& [team, value] : map.Entries()) {
    if (!IsName(team)) value.Complain("is not a name; expected the name of a team");
    of_teams->emplace(team, ReadBudget(value));
  }
}

}  // namespace fleetmeter
