#include "collectors/attribution/attribution_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "collectors/attribution/glob.h"

namespace fleetmeter::collector {
namespace {

// Whether a test holds for one value.
bool Accepts(const Condition::OneOf& one_of, const std::string& text, Captures&) {
  return std::find(one_of.texts.begin(), one_of.texts.end(), text) != one_of.texts.end();
}

bool Accepts(const Condition::Globs& globs, const std::string& text, Captures&) {
  return std::any_of(globs.patterns.begin(), globs.patterns.end(),
                     [&](const std::string& pattern) { return MatchesGlob(pattern, text); });
}

bool Accepts(const Condition::Patterns& patterns, const std::string& text, Captures& captures) {
  return std::any_of(patterns.patterns.begin(), patterns.patterns.end(),
                     [&](const Pattern& pattern) { return pattern.Matches(text, captures); });
}

template <class Test>
bool HoldsFor(const Test& test, const std::string& attribute, const Attributes& thing,
              Captures& captures) {
  const auto texts = thing.Texts(attribute);
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return Accepts(test, text, captures); });
}

bool HoldsFor(const Condition::Range& range, const std::string& attribute, const Attributes& thing,
              Captures&) {
  const auto value = thing.Integer(attribute);
  return value && range.min <= *value && *value <= range.max;
}

}  // namespace

bool Condition::Holds(const Attributes& thing, Captures& captures) const {
  return std::visit([&](const auto& test) { return HoldsFor(test, attribute, thing, captures); },
                    this->test);
}

std::optional<Assignment> AttributionRule::Apply(const Attributes& thing) const {
  Captures captures;
  const auto holds = [&](const Condition& condition) { return condition.Holds(thing, captures); };
  if (!std::all_of(conditions.begin(), conditions.end(), holds)) return std::nullopt;
  Assignment assignment;
  for (const auto& [field, name] : names) {
    std::optional<std::string> filled = name.Fill(thing, captures);
    if (!filled) return std::nullopt;
    assignment.*field = *std::move(filled);
  }
  return assignment;
}

bool AttributionRule::TakesAll() const {
  return conditions.empty() && std::all_of(names.begin(), names.end(), [](const auto& name) {
           return name.second.AttributeNames().empty();
         });
}

std::optional<AttributionDecision> AttributionRules::Decide(const Attributes& thing) const {
  for (size_t i = 0; i < rules_.size(); ++i) {
    std::optional<Assignment> assignment = rules_[i].Apply(thing);
    if (!assignment) continue;
    return AttributionDecision{*std::move(assignment),
                               fmt::format("{}:{} (rule {})", file_, rules_[i].line, i + 1)};
  }
  return std::nullopt;
}

std::set<std::string> AttributionRules::FixedPools() const {
  std::set<std::string> pools;
  for (const AttributionRule& rule : rules_) {
    for (const auto& [field, name] : rule.names) {
      if (field != &Assignment::pool || !name.AttributeNames().empty()) continue;
      if (auto pool = name.Fill(Attributes(), Captures())) pools.insert(*std::move(pool));
    }
  }
  return pools;
}

absl::StatusOr<std::optional<Assignment>> AttributionRules::AssignmentOf(
    const Attributes& thing) const {
  if (auto decision = Decide(thing)) return std::optional(std::move(decision->assignment));
  if (!RefusesUnmatched()) return std::optional<Assignment>();
  return absl::NotFoundError(
      fmt::format("{}: no rule applies to {}; expected one that does", file_, thing.Describe()));
}

}  // namespace fleetmeter::collector
