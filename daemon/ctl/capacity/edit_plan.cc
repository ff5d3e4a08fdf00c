#include "daemon/ctl/capacity/edit_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter::ctl {
namespace {

constexpr char kAllocationKey[] = "allocation";
constexpr char kGrantsKey[] = "grants";
constexpr char kVersionKey[] = "version";

// Index of the value of `key` in a map, or the size of the map.
size_t IndexOf(const YamlNode& map, std::string_view key) {
  if (map.kind != YamlNode::Kind::kMap) return map.keys.size();
  return static_cast<size_t>(std::find(map.keys.begin(), map.keys.end(), key) - map.keys.begin());
}

const YamlNode* ValueOf(const YamlNode& map, std::string_view key) {
  const size_t index = IndexOf(map, key);
  return index < map.values.size() ? &map.values[index] : nullptr;
}

// Behind the quote that ends what begins at `at`.
size_t BehindQuotes(const std::string& line, size_t at) {
  const char quote = line[at];
  for (++at; at < line.size() && line[at] != quote; ++at) {
    if (quote == '"' && line[at] == '\\') ++at;
  }
  return std::min(at + 1, line.size());
}

bool BeginsValue(const std::string& line, size_t at) {
  const size_t before = at == 0 ? std::string::npos : line.find_last_not_of(" \t", at - 1);
  return before == std::string::npos ||
         std::string_view(":,{[-").find(line[before]) != std::string_view::npos;
}

// Where the value of `key` begins on the line; nothing: the key has none there.
std::optional<size_t> ValueBegin(const std::string& line, std::string_view key) {
  for (size_t at = 0; at < line.size(); ++at) {
    const bool quoted = line[at] == '"' || line[at] == '\'';
    if (quoted && BeginsValue(line, at)) {
      at = BehindQuotes(line, at) - 1;
      continue;
    }
    if (!BeginsValue(line, at) || line.compare(at, key.size(), key) != 0) continue;
    const size_t colon = line.find_first_not_of(" \t", at + key.size());
    if (colon == std::string::npos || line[colon] != ':') continue;
    const size_t value = line.find_first_not_of(" \t\r", colon + 1);
    const bool none = value == std::string::npos || line[value] == '#';
    return none ? std::nullopt : std::optional(value);
  }
  return std::nullopt;
}

size_t ValueEnd(const std::string& line, size_t begin) {
  if (line[begin] == '"' || line[begin] == '\'') return BehindQuotes(line, begin);
  if (line[begin] == '{') return std::min(line.find('}', begin), line.size() - 1) + 1;
  if (line[begin] == '[') return std::min(line.find(']', begin), line.size() - 1) + 1;
  return std::min(line.find_first_of(" \t\r\n,}", begin), line.size());
}

bool ReplaceValue(std::string* line, std::string_view key, const std::string& value) {
  const auto begin = ValueBegin(*line, key);
  if (!begin) return false;
  line->replace(*begin, ValueEnd(*line, *begin) - *begin, value);
  return true;
}

}  // namespace

absl::StatusOr<PlanEditor> PlanEditor::Open(const std::string& name, const std::string& text) {
  YamlNode root;
  YamlSyntaxError error;
  if (!ParseYaml(text, &root, &error)) {
    return absl::InvalidArgumentError(fmt::format("{}:{}: {}", name, error.line, error.message));
  }
  PlanEditor editor(name, std::move(root));
  size_t at = 0;
  while (at <= text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    editor.lines_.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return editor;
}

absl::Status PlanEditor::CannotEdit(int line, const std::string& key) const {
  return absl::InvalidArgumentError(fmt::format(
      "{}:{}: {}: stands in a way that cannot be changed in place; expected {}: and its "
      "value on one line",
      name_, line, key, key));
}

absl::Status PlanEditor::SetValue(const std::string& key, const std::string& value) {
  const size_t index = IndexOf(root_, key);
  if (index == root_.keys.size()) return CannotEdit(1, key);
  const int line = root_.key_lines[index];
  auto& text = lines_[static_cast<size_t>(line) - 1];
  return text && ReplaceValue(&*text, key, value) ? absl::OkStatus() : CannotEdit(line, key);
}

absl::Status PlanEditor::SetGrants(const std::vector<std::string>& request_ids) {
  std::string list;
  for (const std::string& id : request_ids) {
    list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", id);  // "12" is no number
  }
  list = "[" + list + "]";
  if (IndexOf(root_, kGrantsKey) < root_.keys.size()) return SetValue(kGrantsKey, list);
  const size_t version = IndexOf(root_, kVersionKey);
  if (version == root_.keys.size()) return CannotEdit(1, kVersionKey);
  const int line = root_.key_lines[version];
  auto& text = lines_[static_cast<size_t>(line) - 1];
  if (!text) return CannotEdit(line, kVersionKey);
  const char* end = text->ends_with('\r') ? "\r" : "";
  *text += fmt::format("\n{}: {}{}", kGrantsKey, list, end);
  return absl::OkStatus();
}

const YamlNode* PlanEditor::FindPool(const std::string& pool) const {
  const YamlNode* pools = ValueOf(root_, "pools");
  if (pools == nullptr) return nullptr;
  for (const YamlNode& each : pools->values) {
    const YamlNode* name = ValueOf(each, "name");
    if (name != nullptr && name->scalar == pool) return &each;
  }
  return nullptr;
}

std::optional<std::string> PlanEditor::AllocationOf(const std::string& pool) const {
  const YamlNode* found = FindPool(pool);
  const YamlNode* allocation = found == nullptr ? nullptr : ValueOf(*found, kAllocationKey);
  if (allocation == nullptr) return std::nullopt;
  std::string out = "{";
  for (size_t i = 0; i < allocation->values.size(); ++i) {
    out += fmt::format("{}{}: {}", i == 0 ? "" : ", ", allocation->keys[i],
                       allocation->values[i].scalar);
  }
  return out + "}";
}

absl::Status PlanEditor::SetAllocation(const std::string& pool, const std::string& allocation) {
  const YamlNode* found = FindPool(pool);
  const size_t index = found == nullptr ? 0 : IndexOf(*found, kAllocationKey);
  if (found == nullptr || index == found->keys.size()) return CannotEdit(1, pool);
  const int line = found->key_lines[index];
  auto& text = lines_[static_cast<size_t>(line) - 1];
  if (text && ReplaceValue(&*text, kAllocationKey, allocation)) return absl::OkStatus();
  // A block: its lines make place for one.
  if (!text || !text->ends_with(':')) return CannotEdit(line, kAllocationKey);
  for (const int below : found->values[index].key_lines) {
    lines_[static_cast<size_t>(below) - 1].reset();
  }
  *text += " " + allocation;
  return absl::OkStatus();
}

std::string PlanEditor::Text() const {
  std::string out;
  for (const auto& line : lines_) {
    if (line) out += *line + "\n";
  }
  if (!out.empty()) out.pop_back();  // the last line had none of its own
  return out;
}

}  // namespace fleetmeter::ctl
