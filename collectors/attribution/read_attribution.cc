#include "collectors/attribution/read_attribution.h"

#include <fmt/format.h>

#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMaxValueBytes = 1'024;
constexpr size_t kMaxTemplateBytes = 1'024;

struct ResultField {
  const char* name;
  std::string Assignment::* member;
  bool required;
};

// What a rule may say.
constexpr ResultField kResultFields[] = {
    {"pool", &Assignment::pool, true},
    {"team", &Assignment::team, true},
    {"workload", &Assignment::workload, false},
    {"workload_type", &Assignment::workload_type, false},
    {"model", &Assignment::model, false},
    {"run", &Assignment::run, false},
    {"customer_tier", &Assignment::customer_tier, false},
};

// A map whose keys are all commented out is empty.
bool IsMap(const YamlValue& value) {
  return value.node().kind == YamlNode::Kind::kMap || value.node().kind == YamlNode::Kind::kEmpty;
}

class RulesReader {
 public:
  RulesReader(YamlFile* file, const Vocabulary& vocabulary)
      : file_(file), vocabulary_(vocabulary) {}

  AttributionRules Read(YamlMap& map) {
    std::string version;
    map.Required("version", "1").ReadChoice({"1"}, &version);
    const YamlValue unmatched = map.Optional("unmatched");
    const std::vector<YamlValue> items =
        map.Required("rules", "a list of at least one rule").Items();
    std::vector<AttributionRule> rules;
    for (const YamlValue& item : items) rules.push_back(ReadRule(item));
    CheckOrder(items, rules, unmatched.present());
    return AttributionRules(file_->name(), std::move(rules), ReadUnmatched(unmatched));
  }

 private:
  Unmatched ReadUnmatched(const YamlValue& value) const {
    std::string choice = "error";
    if (vocabulary_.may_leave_unattributed) {
      value.ReadChoice({"error", "unattributed"}, &choice);
    } else {
      value.ReadChoice({"error"}, &choice);
    }
    return choice == "error" ? Unmatched::kError : Unmatched::kUnattributed;
  }

  AttributionRule ReadRule(const YamlValue& value) {
    AttributionRule rule;
    rule.line = value.line();
    YamlMap map(value);
    const YamlValue match = map.Optional("match");
    if (match.present()) ReadMatch(match, rule.conditions);
    const std::set<std::string> captures = CapturesOf(match, rule.conditions);
    for (const ResultField& field : kResultFields) {
      if (field.member == &Assignment::customer_tier && !vocabulary_.has_customer_tiers) continue;
      const YamlValue name =
          field.required ? map.Required(field.name, "a name") : map.Optional(field.name);
      if (auto parsed = ReadName(name, captures))
        rule.names.emplace_back(field.member, *std::move(parsed));
    }
    return rule;
  }

  void ReadMatch(const YamlValue& value, std::vector<Condition>& conditions) {
    YamlMap map(value);
    const auto entries = map.Entries();
    if (entries.empty() && IsMap(value)) {
      value.Complain(fmt::format("is empty; expected conditions on {}", vocabulary_.Names()));
    }
    for (const auto& [name, condition] : entries) {
      const AttributeSpec* spec = vocabulary_.Find(name);
      if (spec == nullptr) {
        condition.Complain(
            fmt::format("unknown attribute; expected one of {}", vocabulary_.Names()));
      } else if (spec->kind == AttributeKind::kInteger) {
        conditions.push_back({name, ReadRange(condition, *spec)});
      } else if (condition.node().kind == YamlNode::Kind::kMap) {
        conditions.push_back({name, ReadPatterns(condition)});
      } else {
        conditions.push_back({name, Condition::OneOf{ReadTexts(condition)}});
      }
    }
  }

  static Condition::Range ReadRange(const YamlValue& value, const AttributeSpec& spec) {
    Condition::Range range{spec.min, spec.max};
    if (!IsMap(value)) {
      value.Complain("is not a range; expected {min: N, max: N}, or one of the two");
      return range;
    }
    YamlMap map(value);
    const YamlValue min = map.Optional("min");
    const YamlValue max = map.Optional("max");
    min.ReadInteger(spec.min, spec.max, &range.min);
    max.ReadInteger(spec.min, spec.max, &range.max);
    if (!min.present() && !max.present()) value.Complain("is empty; expected min, max or both");
    if (range.min > range.max) value.Complain("has min above max; expected min not above max");
    return range;
  }

  // Either {glob: [a*]} or {re2: ["a(?P<name>.*)"]}.
  static decltype(Condition::test) ReadPatterns(const YamlValue& value) {
    YamlMap map(value);
    const YamlValue re2 = map.Optional("re2");
    if (!re2.present()) {
      return Condition::Globs{
          ReadTexts(map.Required("glob", "a list of patterns such as chat-*, or the key re2"))};
    }
    if (map.Optional("glob").present()) {
      value.Complain("has both glob and re2; expected one of them");
    }
    Condition::Patterns patterns;
    for (const YamlValue& item : re2.Items()) {
      std::string text;
      item.ReadText(kMaxValueBytes, &text);
      if (text.empty()) continue;
      absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
      if (pattern.ok()) {
        patterns.patterns.push_back(*std::move(pattern));
      } else {
        item.Complain(std::string(pattern.status().message()));
      }
    }
    return patterns;
  }

  // The names that the patterns of a rule give to what they match. Each has one meaning.
  std::set<std::string> CapturesOf(const YamlValue& match,
                                   const std::vector<Condition>& conditions) const {
    std::set<std::string> all;
    for (const Condition& condition : conditions) {
      const auto* patterns = std::get_if<Condition::Patterns>(&condition.test);
      if (patterns == nullptr) continue;
      std::set<std::string> names;
      for (const Pattern& pattern : patterns->patterns) {
        names.insert(pattern.capture_names().begin(), pattern.capture_names().end());
      }
      for (const std::string& name : names) {
        if (vocabulary_.Find(name) != nullptr) {
          match.Complain(
              fmt::format("captures {}, which is the name of an attribute; expected a "
                          "name of its own",
                          Quoted(name)));
        } else if (!all.insert(name).second) {
          match.Complain(
              fmt::format("captures {} of two attributes; expected a name for each", Quoted(name)));
        }
      }
    }
    return all;
  }

  static std::vector<std::string> ReadTexts(const YamlValue& value) {
    std::vector<std::string> texts;
    for (const YamlValue& item : value.Items()) {
      item.ReadText(kMaxValueBytes, &texts.emplace_back());
    }
    return texts;
  }

  std::optional<NameTemplate> ReadName(const YamlValue& value,
                                       const std::set<std::string>& captures) const {
    if (value.present() && value.node().kind == YamlNode::Kind::kMap) {
      value.Complain("is a mapping; expected text, in quotes if it begins with a brace");
      return std::nullopt;
    }
    std::string text;
    value.ReadText(kMaxTemplateBytes, &text);
    if (text.empty()) return std::nullopt;
    absl::StatusOr<NameTemplate> parsed = NameTemplate::Parse(text);
    if (!parsed.ok()) {
      value.Complain(std::string(parsed.status().message()));
      return std::nullopt;
    }
    const std::vector<std::string> attributes = parsed->AttributeNames();
    for (const std::string& name : attributes) {
      if (!captures.contains(name)) CheckUsable(name, value);
    }
    if (attributes.empty() && text.size() > kMaxNameBytes) {
      value.Complain(fmt::format("has {} bytes; expected 1 to {}", text.size(), kMaxNameBytes));
    }
    return *std::move(parsed);
  }

  void CheckUsable(const std::string& name, const YamlValue& value) const {
    const AttributeSpec* spec = vocabulary_.Find(name);
    if (spec == nullptr) {
      value.Complain(fmt::format("names the unknown attribute {}; expected one of {}", Quoted(name),
                                 vocabulary_.Names()));
    } else if (spec->kind == AttributeKind::kTexts) {
      value.Complain(
          fmt::format("names {}, which may have several values; expected an attribute "
                      "with one",
                      Quoted(name)));
    }
  }

  // Every rule can be reached, and something is said about every thing.
  void CheckOrder(const std::vector<YamlValue>& items, const std::vector<AttributionRule>& rules,
                  bool says_unmatched) const {
    if (!file_->ok() || rules.empty()) return;  // one mistake is not told as two
    for (size_t i = 0; i + 1 < rules.size(); ++i) {
      if (!rules[i].TakesAll()) continue;
      items[i].Complain(
          "takes everything, so that the rules after it are never reached; expected a match");
    }
    if (rules.back().TakesAll() || says_unmatched) return;
    items.back().Complain(
        "leaves things that no rule takes; expected a last rule without match and attributes, or "
        "the key unmatched");
  }

  YamlFile* const file_;
  const Vocabulary& vocabulary_;
};

}  // namespace

AttributionRules ReadAttribution(YamlMap& file, const Vocabulary& vocabulary) {
  return RulesReader(file.value().file(), vocabulary).Read(file);
}

absl::StatusOr<AttributionRules> ReadAttributionFile(const std::string& path,
                                                     const Vocabulary& vocabulary) {
  absl::StatusOr<std::unique_ptr<YamlFile>> file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  AttributionRules rules;
  {
    YamlMap root((*file)->root());
    rules = ReadAttribution(root, vocabulary);
  }
  if (!(*file)->ok()) return (*file)->status();
  return rules;
}

}  // namespace fleetmeter::collector
