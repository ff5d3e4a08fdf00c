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

}  // namespace fleetmeter
