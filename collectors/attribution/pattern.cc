#include "collectors/attribution/pattern.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kMostPatternMemory = int64_t{1} << 20;

re2::RE2::Options PatternOptions() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMostPatternMemory);
  return options;
}

}  // namespace

absl::StatusOr<Pattern> Pattern::Parse(const std::string& text) {
  Pattern pattern;
  const auto compiled = std::make_shared<const re2::RE2>(text, PatternOptions());
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(
        fmt::format("is {}, which is no pattern: {}; expected a regular expression of RE2 for the "
                    "whole text, such as \"team-(?P<group>[a-z]+)\"",
                    Quoted(text), compiled->error()));
  }
  for (const auto& [name, number] : compiled->NamedCapturingGroups()) {
    pattern.capture_names_.push_back(name);
  }
  pattern.compiled_ = compiled;
  return pattern;
}

bool Pattern::Matches(std::string_view text, Captures& captures) const {
  const re2::StringPiece whole(text.data(), text.size());
  std::vector<re2::StringPiece> groups(static_cast<size_t>(compiled_->NumberOfCapturingGroups()) +
                                       1);
  if (!compiled_->Match(whole, 0, whole.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                        static_cast<int>(groups.size()))) {
    return false;
  }
  for (const auto& [name, number] : compiled_->NamedCapturingGroups()) {
    const re2::StringPiece& group = groups[static_cast<size_t>(number)];
    if (!group.empty()) captures[name] = std::string(group.data(), group.size());
  }
  return true;
}

}  // namespace fleetmeter::collector
