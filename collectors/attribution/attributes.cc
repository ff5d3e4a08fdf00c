#include "collectors/attribution/attributes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kShownAttributes = 16;
constexpr size_t kShownBytes = 64;

std::string Shown(const std::vector<std::string>& texts) {
  if (texts.size() > 1) return fmt::format("{} and others", AsciiQuoted(texts[0], kShownBytes));
  return AsciiQuoted(texts[0], kShownBytes);
}

bool IsOfFamily(std::string_view name, const AttributeSpec& spec) {
  return spec.IsFamily() && name.size() > spec.name.size() && name.starts_with(spec.name);
}

}  // namespace

void Attributes::Set(std::string name, std::string value) {
  Set(std::move(name), std::vector<std::string>{std::move(value)});
}

void Attributes::Set(std::string name, std::vector<std::string> values) {
  std::erase(values, "");
  if (values.empty()) {
    values_.erase(name);
  } else {
    values_.insert_or_assign(std::move(name), std::move(values));
  }
}

void Attributes::Set(std::string name, int64_t value) {
  values_.insert_or_assign(std::move(name), value);
}

std::span<const std::string> Attributes::Texts(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return {};
  const auto* texts = std::get_if<std::vector<std::string>>(&found->second);
  return texts == nullptr ? std::span<const std::string>() : *texts;
}

std::optional<int64_t> Attributes::Integer(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  const auto* integer = std::get_if<int64_t>(&found->second);
  return integer == nullptr ? std::nullopt : std::optional(*integer);
}

std::string Attributes::Describe() const {
  std::vector<std::string> parts;
  for (const auto& [name, value] : values_) {
    if (parts.size() == kShownAttributes) {
      parts.push_back("...");
      break;
    }
    const auto* texts = std::get_if<std::vector<std::string>>(&value);
    parts.push_back(
        fmt::format("{} {}", name,
                    texts == nullptr ? std::to_string(std::get<int64_t>(value)) : Shown(*texts)));
  }
  return parts.empty() ? "a thing without attributes" : fmt::format("{}", fmt::join(parts, ", "));
}

const AttributeSpec* Vocabulary::Find(std::string_view name) const {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const AttributeSpec& spec) {
        return spec.IsFamily() ? IsOfFamily(name, spec) : spec.name == name;
      });
  return found == attributes.end() ? nullptr : &*found;
}

std::string Vocabulary::Names() const {
  std::vector<std::string> names;
  for (const AttributeSpec& spec : attributes) {
    names.push_back(spec.IsFamily() ? spec.name + "NAME" : spec.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace fleetmeter::collector
