#include <limits>
#include <set>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/bounds.h"
#include "daemon/config/load_config.h"
#include "daemon/config/read_ratio.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxKindTitleBytes = 128;
constexpr size_t kMaxBasisBytes = 512;
constexpr int64_t kMaxMicroUsdPerChipHour = 1'000'000'000'000;  // $1,000,000
constexpr double kMinPeakFlops = 1e6;
constexpr double kMaxPeakFlops = 1e21;

void ReadPrice(const YamlValue& value, std::optional<int64_t>* out) {
  constexpr std::string_view kExpected = "US dollars from 0 to 1000000 with at most 6 decimals";
  const std::string* text = value.Scalar(kExpected);
  if (text == nullptr) return;
  const auto price = ParseMicroUsd(*text);
  if (price && *price <= kMaxMicroUsdPerChipHour) {
    *out = price;
  } else {
    value.Complain(fmt::format("is {}; expected {}", Quoted(*text), kExpected));
  }
}

// Names chosen by the user, with values: workload types, precisions.
template <class Value, class Read>
void ReadByName(const YamlValue& section, Read read,
                std::map<std::string, Value, std::less<>>* out) {
  YamlMap map(section);
  for (const auto& [key, value] : map.Entries()) {
    if (!IsName(key)) value.Complain("is not a name; expected letters, digits and . _ / -");
    Value read_value{};
    read(value, &read_value);
    out->emplace(key, read_value);
  }
}

Conversion ReadConversion(const YamlValue& value, bool is_first) {
  Conversion conversion;
  YamlMap map(value);
  constexpr std::string_view kDate = "the date from which it holds (only the first needs none)";
  const YamlValue from =
      is_first ? map.Optional("effective_from") : map.Required("effective_from", kDate);
  from.ReadTime(&conversion.effective_from_unix_nanos);
  ReadChipsPerH100e(map.Required("chips_per_h100e", "a positive ratio such as 1.5 or 1/3"),
                    &conversion.chips_per_h100e);
  ReadByName(map.Optional("by_workload_type"), ReadChipsPerH100e, &conversion.by_workload_type);
  map.Required("basis", "where the ratio comes from").ReadText(kMaxBasisBytes, &conversion.basis);
  return conversion;
}

void ReadConversions(const YamlValue& list, std::vector<Conversion>* out) {
  for (const YamlValue& item : list.Items()) {
    Conversion next = ReadConversion(item, out->empty());
    if (!out->empty() && next.effective_from_unix_nanos != 0 &&
        next.effective_from_unix_nanos <= out->back().effective_from_unix_nanos) {
      item.Complain("takes effect no later than the one before it; expected ascending dates");
    }
    out->push_back(std::move(next));
  }
}

ChipKind ReadChip(const YamlValue& value) {
  ChipKind kind;
  YamlMap map(value);
  map.Required("name", "the name of the chip kind").ReadName(&kind.name);
  map.Required("provider", "a name such as aws").ReadName(&kind.provider);
  map.Required("title", "a name for people").ReadText(kMaxKindTitleBytes, &kind.title);
  ReadPrice(map.Optional("usd_per_chip_hour"), &kind.micro_usd_per_chip_hour);
  const auto read_flops = [](const YamlValue& flops, double* out) {
    flops.ReadNumber(kMinPeakFlops, kMaxPeakFlops, out);
  };
  ReadByName(map.Optional("peak_flops"), read_flops, &kind.peak_flops);
  ReadConversions(map.Required("conversions", "a list of at least one"), &kind.conversions);
  return kind;
}

}  // namespace

absl::StatusOr<Catalog> LoadCatalog(const std::string& path) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  int64_t version = 0;
  std::vector<ChipKind> kinds;
  {
    YamlMap map((*file)->root());
    map.Required("version", "an integer that grows with every change")
        .ReadInteger(1, kMaxVersion, &version);
    std::set<std::string> names;
    for (const YamlValue& item : map.Required("chips", "a list of chip kinds").Items()) {
      kinds.push_back(ReadChip(item));
      const std::string& name = kinds.back().name;
      if (!name.empty() && !names.insert(name).second) {
        (*file)->ComplainAt(item.path() + ".name",
                            fmt::format("{} is listed twice; expected each chip kind once", name));
      }
    }
  }
  if (!(*file)->ok()) return (*file)->status();
  return Catalog(static_cast<uint32_t>(version), std::move(kinds));
}

}  // namespace fleetmeter
