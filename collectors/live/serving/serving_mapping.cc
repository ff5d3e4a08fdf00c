#include "collectors/live/serving/serving_mapping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "collectors/mappings/read_mapping.h"
#include "daemon/base/text.h"
#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxServingText = 256;
constexpr size_t kMaxServingUrl = 2'048;

struct AmountKey {
  const char* key;
  ServedAmount amount;
};

constexpr AmountKey kAmountKeys[] = {
    {"requests", ServedAmount::kRequests},
    {"input_tokens", ServedAmount::kInputTokens},
    {"cached_input_tokens", ServedAmount::kCachedInputTokens},
    {"output_tokens", ServedAmount::kOutputTokens},
};

// One text, or a list of texts.
std::vector<std::string> ReadServingTexts(const YamlValue& value) {
  std::vector<std::string> texts;
  if (!value.present()) return texts;
  if (value.node().kind != YamlNode::Kind::kList) {
    value.ReadText(kMaxServingText, &texts.emplace_back());
    return texts;
  }
  for (const YamlValue& item : value.Items()) item.ReadText(kMaxServingText, &texts.emplace_back());
  return texts;
}

MappedSeries ReadServingSeries(const YamlValue& value) {
  MappedSeries series;
  YamlMap map(value);
  series.names = ReadServingTexts(map.Required("series", "the name of a counter, or a list"));
  const YamlValue where = map.Optional("where");
  if (!where.present()) return series;
  YamlMap labels(where);
  for (const auto& [label, patterns] : labels.Entries()) {
    series.where.emplace_back(label, ReadLabelPatterns(patterns));
  }
  return series;
}

ServingMapping ReadServingKeys(YamlMap& map) {
  ServingMapping mapping;
  std::string text;
  map.Required("version", "1").ReadChoice({"1"}, &text);
  map.Optional("title").ReadText(kMaxServingText, &text);
  map.Optional("url").ReadText(kMaxServingUrl, &mapping.url);
  mapping.prefixes = ReadServingTexts(map.Optional("prefixes"));
  mapping.model = ReadServingTexts(map.Optional("model"));
  mapping.customer_tier = ReadServingTexts(map.Optional("customer_tier"));
  for (const auto& [key, amount] : kAmountKeys) {
    const YamlValue value = amount == ServedAmount::kRequests
                                ? map.Required(key, "the counter of requests")
                                : map.Optional(key);
    if (value.present()) mapping.amounts.emplace_back(amount, ReadServingSeries(value));
  }
  return mapping;
}

std::optional<ServingMapping> ServingMappingOfFile(const std::string& path,
                                                   const YamlValue& value) {
  auto file = YamlFile::Open(path);
  absl::Status status = file.status();
  ServingMapping mapping;
  if (file.ok()) {
    {
      YamlMap root((*file)->root());
      mapping = ReadServingKeys(root);
    }
    if ((*file)->ok()) return mapping;
    status = (*file)->status();
  }
  value.Complain(fmt::format("names a mapping that is wrong; expected it right:\n{}",
                             std::string(status.message())));
  return std::nullopt;
}

std::string ShippedServingMappings() {
  const std::string folder = ShippedMappingsFolder();
  return folder.empty() ? "" : folder + "/serving";
}

}  // namespace

std::optional<ServingMapping> ReadServingMapping(const YamlValue& value) {
  if (!value.present()) return std::nullopt;
  if (value.node().kind == YamlNode::Kind::kMap) {
    YamlMap map(value);
    return ReadServingKeys(map);
  }
  std::string text;
  value.ReadText(kMaxServingUrl, &text);
  if (text.empty()) return std::nullopt;
  if (text.find('/') != std::string::npos || text.ends_with(".yaml")) {
    std::string path;
    FilePath{}.Read(value, &path);
    return ServingMappingOfFile(path, value);
  }
  const std::string folder = ShippedServingMappings();
  const std::vector<std::string> names = MappingNames(folder);
  if (std::find(names.begin(), names.end(), text) != names.end()) {
    return ServingMappingOfFile(folder + "/" + text + ".yaml", value);
  }
  value.Complain(fmt::format("is {}, which is no mapping of servers; expected one of {}, or a path",
                             Quoted(text), fmt::join(names, ", ")));
  return std::nullopt;
}

}  // namespace fleetmeter::collector
