#include "daemon/ctl/dashboards/yaml_writer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "daemon/base/text.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::ordered_json;

constexpr size_t kIndent = 2;
// What YAML 1.1 or 1.2 reads as something else than a text.
constexpr std::array<std::string_view, 9> kOtherThanText = {"true", "false", "yes", "no", "on",
                                                            "off",  "null",  "y",   "n"};

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// A word that needs no quotes.
bool IsPlain(const std::string& text) {
  if (text.empty() || !IsLetter(text.front())) return false;
  const bool word = std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
  });
  const std::string lower = Lower(text);
  return word &&
         std::find(kOtherThanText.begin(), kOtherThanText.end(), lower) == kOtherThanText.end();
}

std::string SingleQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string OneLine(const std::string& text) {
  if (IsPlain(text)) return text;
  // JSON's escapes are YAML's, too.
  return HasControlCharacter(text) ? ordered_json(text).dump() : SingleQuoted(text);
}

// Lines that a literal block shows as they are.
bool FitsBlock(const std::string& text) {
  if (text.size() < 2 || text.front() == ' ' || text.front() == '\n') return false;
  if (text[text.size() - 1] != '\n' || text[text.size() - 2] == '\n') return false;
  std::string without = text;
  std::erase(without, '\n');
  return !HasControlCharacter(without);
}

std::string Block(const std::string& text, size_t indent) {
  std::string out = "|\n";
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin) + 1;
    if (end - begin > 1) out.append(indent, ' ');
    out.append(text, begin, end - begin);
    begin = end;
  }
  return out;
}

// With the end of its last line.
std::string ScalarText(const ordered_json& value, size_t indent) {
  if (!value.is_string()) return value.dump() + "\n";
  const std::string text = value.get<std::string>();
  if (text.find('\n') != std::string::npos && FitsBlock(text)) return Block(text, indent);
  return OneLine(text) + "\n";
}

bool HasParts(const ordered_json& value) { return value.is_structured() && !value.empty(); }

void Write(const ordered_json& value, size_t indent, std::string* out);

// What follows "key:".
void WriteField(const ordered_json& value, size_t indent, std::string* out) {
  if (HasParts(value)) {
    *out += "\n";
    Write(value, value.is_array() ? indent : indent + kIndent, out);
  } else {
    *out += " " + ScalarText(value, indent + kIndent);
  }
}

// What follows "- ", whose first line stands beside it.
void WriteItem(const ordered_json& value, size_t indent, std::string* out) {
  if (!HasParts(value)) {
    *out += ScalarText(value, indent + kIndent);
    return;
  }
  std::string item;
  Write(value, indent + kIndent, &item);
  *out += item.substr(indent + kIndent);
}

void Write(const ordered_json& value, size_t indent, std::string* out) {
  if (value.is_array()) {
    for (const ordered_json& item : value) {
      *out += std::string(indent, ' ') + "- ";
      WriteItem(item, indent, out);
    }
    return;
  }
  for (const auto& [key, field] : value.items()) {
    *out += std::string(indent, ' ') + OneLine(key) + ":";
    WriteField(field, indent, out);
  }
}

}  // namespace

std::string YamlText(const ordered_json& document) {
  if (!HasParts(document)) return ScalarText(document, 0);
  std::string out;
  Write(document, 0, &out);
  return out;
}

}  // namespace fleetmeter::ctl
