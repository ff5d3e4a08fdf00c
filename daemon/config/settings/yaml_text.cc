#include "daemon/config/settings/yaml_text.h"

#include <algorithm>
#include <vector>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "nlohmann/json.hpp"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

constexpr size_t kColumns = 100;

// Whether YAML takes the text for a string as it stands, between brackets too.
bool IsPlain(std::string_view text) {
  constexpr std::string_view kAlways = "-_./%:@+";
  if (text.empty() || text.back() == ':' || text == "true" || text == "false") return false;
  const auto plain = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kAlways.find(c) != std::string_view::npos;
  };
  const bool begins = std::isalnum(static_cast<unsigned char>(text.front())) != 0 ||
                      text.front() == '/' || text.front() == '.';
  return begins && std::all_of(text.begin(), text.end(), plain);
}

std::string ListText(const ordered_json& list) {
  std::vector<std::string> items;
  for (const ordered_json& item : list) items.push_back(FlowYaml(item));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string MapText(const ordered_json& map) {
  std::vector<std::string> entries;
  for (const auto& [key, value] : map.items()) {
    entries.push_back(fmt::format("{}: {}", key, FlowYaml(value)));
  }
  return fmt::format("{{{}}}", fmt::join(entries, ", "));
}

// One paragraph, broken between words.
std::string Wrapped(std::string_view words, std::string_view start) {
  std::string lines;
  std::string line(start);
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
    if (line.size() + 1 + word.size() > kColumns && line.size() > start.size()) {
      lines += line + '\n';
      line = start;
    }
    line += fmt::format(" {}", word);
  }
  return lines + line + '\n';
}

}  // namespace

std::string FlowYaml(const ordered_json& value) {
  if (value.is_array()) return ListText(value);
  if (value.is_object()) return MapText(value);
  const auto quoted = [&value] {
    return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  };
  if (!value.is_string()) return quoted();
  const auto& text = value.get_ref<const std::string&>();
  return IsPlain(text) ? text : quoted();
}

std::string YamlComment(std::string_view text, size_t indent) {
  const std::string start = std::string(indent, ' ') + "#";
  std::string lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.front() == ' ') {
      lines += fmt::format("{}{}\n", start, line.empty() ? "" : fmt::format(" {}", line));
    } else {
      lines += Wrapped(line, start);
    }
  }
  return lines;
}

std::string Shortened(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  size_t end = max_bytes;
  // Not within a character: the bytes after its first are 10xxxxxx.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}...", text.substr(0, end));
}

}  // namespace fleetmeter
