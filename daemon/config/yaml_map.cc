// YamlMap: the keys of one mapping.
#include <algorithm>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

// " (did you mean x?)", or nothing when no known key is near.
std::string Suggestion(std::string_view key, const std::vector<std::string>& known) {
  constexpr size_t kLongestKey = 64;  // nobody's typo; keeps the distance cheap
  const std::string* best = nullptr;
  size_t best_distance = 3;
  if (key.size() > kLongestKey) return "";
  for (const std::string& candidate : known) {
    if (std::max(key.size(), candidate.size()) - std::min(key.size(), candidate.size()) > 2)
      continue;
    const size_t distance = EditDistance(key, candidate);
    if (distance < best_distance && distance * 2 < candidate.size()) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? "" : fmt::format(" (did you mean {}?)", *best);
}

}  // namespace

YamlMap::YamlMap(const YamlValue& value) : value_(value) {
  if (!value_.present()) return;
  // A section whose settings are all commented out is empty.
  is_map_ =
      value_.node().kind == YamlNode::Kind::kMap || value_.node().kind == YamlNode::Kind::kEmpty;
  if (is_map_) {
    FindKeys();
  } else {
    value_.Complain("is not a mapping; expected keys with values");
  }
}

void YamlMap::FindKeys() {
  const YamlNode& node = value_.node();
  for (size_t i = 0; i < node.keys.size(); ++i) {
    const auto [first, is_new] = index_.emplace(node.keys[i], i);
    if (is_new) continue;
    At(i).Complain(fmt::format("is given twice, first on line {}; expected once",
                               node.key_lines[first->second]));
  }
}

YamlMap::~YamlMap() {
  if (open_) return;
  for (const auto& [key, index] : index_) {
    if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
    At(index).Complain(fmt::format("unknown key{}; expected one of {}", Suggestion(key, asked_),
                                   fmt::join(asked_, ", ")));
  }
}

YamlValue YamlMap::At(size_t index) const {
  const YamlNode& node = value_.node();
  const std::string& key = node.keys[index];
  // A key may be any text; what is no name is quoted to keep messages to a line.
  const bool plain = !key.empty() && key.size() <= 64 && !HasControlCharacter(key);
  const std::string shown = plain ? key : Quoted(key);
  return YamlValue(value_.file(), &node.values[index],
                   value_.path().empty() ? shown : fmt::format("{}.{}", value_.path(), shown),
                   node.key_lines[index]);
}

YamlValue YamlMap::Optional(std::string_view key) {
  asked_.emplace_back(key);
  const auto found = index_.find(key);
  if (found != index_.end()) return At(found->second);
  return YamlValue(value_.file(), nullptr, "", value_.line());
}

YamlValue YamlMap::Required(std::string_view key, std::string_view expected) {
  YamlValue value = Optional(key);
  if (!value.present() && is_map_) {
    const std::string path =
        value_.path().empty() ? std::string(key) : fmt::format("{}.{}", value_.path(), key);
    value_.file()->Complain(value_.line(), path, fmt::format("is missing; expected {}", expected));
  }
  return value;
}

std::vector<std::pair<std::string, YamlValue>> YamlMap::Entries() {
  open_ = true;
  std::vector<std::pair<std::string, YamlValue>> entries;
  if (!is_map_) return entries;
  const YamlNode& node = value_.node();
  for (size_t i = 0; i < node.keys.size(); ++i) {
    if (index_.find(node.keys[i])->second == i) entries.emplace_back(node.keys[i], At(i));
  }
  return entries;
}

}  // namespace fleetmeter
