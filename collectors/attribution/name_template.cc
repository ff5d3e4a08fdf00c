#include "collectors/attribution/name_template.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

bool IsLabel(const std::string& text) {
  return !text.empty() && text.size() <= kMaxNameBytes && !FindInvalidUtf8(text) &&
         !HasControlCharacter(text);
}

std::optional<std::string> ValueOf(const Attributes& thing, const Captures& captures,
                                   const std::string& name) {
  if (const auto found = captures.find(name); found != captures.end()) return found->second;
  if (const auto integer = thing.Integer(name)) return std::to_string(*integer);
  const auto texts = thing.Texts(name);
  return texts.empty() ? std::nullopt : std::optional(texts.front());
}

}  // namespace

absl::StatusOr<NameTemplate> NameTemplate::Parse(std::string_view text) {
  NameTemplate parsed;
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        fmt::format("is {}, {}; expected the name of an attribute in braces, such as "
                    "\"{{namespace}}\"",
                    Quoted(text), what));
  };
  for (std::string_view rest = text; !rest.empty();) {
    const size_t brace = rest.find_first_of("{}");
    if (brace != 0) {
      parsed.parts_.push_back({false, std::string(rest.substr(0, brace))});
      rest.remove_prefix(std::min(brace, rest.size()));
      continue;
    }
    const size_t end = rest.find_first_of("{}", 1);
    if (rest[0] == '}' || end == std::string_view::npos || rest[end] == '{') {
      return wrong("with a brace that has no partner");
    }
    if (end == 1) return wrong("with nothing between two braces");
    parsed.parts_.push_back({true, std::string(rest.substr(1, end - 1))});
    rest.remove_prefix(end + 1);
  }
  return parsed;
}

std::vector<std::string> NameTemplate::AttributeNames() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (part.is_attribute) names.push_back(part.text);
  }
  return names;
}

std::optional<std::string> NameTemplate::Fill(const Attributes& thing,
                                              const Captures& captures) const {
  std::string name;
  for (const Part& part : parts_) {
    const std::optional<std::string> value =
        part.is_attribute ? ValueOf(thing, captures, part.text) : std::optional(part.text);
    if (!value) return std::nullopt;
    name += *value;
  }
  return IsLabel(name) ? std::optional(std::move(name)) : std::nullopt;
}

}  // namespace fleetmeter::collector
