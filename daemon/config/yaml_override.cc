#include "daemon/config/yaml_override.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxOverrideBytes = 4096;
constexpr size_t kMaxKeyParts = 16;

// The longest key of a mapping that `path` starts with, up to a point or the end.
const std::string* LongestKey(const YamlNode& map, std::string_view path) {
  const std::string* best = nullptr;
  for (const std::string& key : map.keys) {
    const bool fits =
        path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (fits && (best == nullptr || key.size() > best->size())) best = &key;
  }
  return best;
}

// The value at a key of a mapping, added if it is not there.
YamlNode* Child(YamlNode* map, const std::string& key) {
  const auto found = std::find(map->keys.begin(), map->keys.end(), key);
  if (found != map->keys.end()) return &map->values[static_cast<size_t>(found - map->keys.begin())];
  map->keys.push_back(key);
  map->key_lines.push_back(0);
  return &map->values.emplace_back();
}

void ClearLines(YamlNode* node) {
  node->line = 0;
  std::fill(node->key_lines.begin(), node->key_lines.end(), 0);
  for (YamlNode& value : node->values) ClearLines(&value);
}

void SetLineOfKey(YamlNode* map, const std::string& key) {
  const auto found = std::find(map->keys.begin(), map->keys.end(), key);
  map->key_lines[static_cast<size_t>(found - map->keys.begin())] = 0;
}

absl::Status Wrong(const YamlOverride& override, std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("set {}={}: {}", Quoted(override.key), Quoted(override.value), why));
}

}  // namespace

absl::StatusOr<YamlOverride> ParseYamlOverride(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not of the form KEY=VALUE; expected for example training.growth=3", Quoted(text)));
  }
  return YamlOverride{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

absl::Status ApplyYamlOverride(const YamlOverride& override, YamlNode* root) {
  if (override.key.size() + override.value.size() > kMaxOverrideBytes) {
    return Wrong(override, "is too long; expected at most 4096 bytes");
  }
  YamlNode value;
  YamlSyntaxError error;
  if (!ParseYaml(override.value, &value, &error)) return Wrong(override, error.message);
  ClearLines(&value);

  YamlNode* node = root;
  std::string_view rest = override.key;
  for (size_t parts = 0; !rest.empty(); ++parts) {
    if (node->kind == YamlNode::Kind::kEmpty) node->kind = YamlNode::Kind::kMap;
    if (node->kind != YamlNode::Kind::kMap || parts == kMaxKeyParts) {
      return Wrong(override,
                   fmt::format("there are no keys at {}; expected a key of the file",
                               Quoted(override.key.substr(0, override.key.size() - rest.size()))));
    }
    const std::string* known = LongestKey(*node, rest);
    const std::string key = known != nullptr ? *known : std::string(rest.substr(0, rest.find('.')));
    if (key.empty())
      return Wrong(override, "has an empty part; expected names with points between");
    rest.remove_prefix(key.size());
    if (rest == ".") return Wrong(override, "ends in a point; expected a name behind it");
    if (!rest.empty()) rest.remove_prefix(1);
    YamlNode* const child = Child(node, key);
    if (rest.empty()) SetLineOfKey(node, key);
    node = child;
  }
  *node = std::move(value);
  return absl::OkStatus();
}

}  // namespace fleetmeter
