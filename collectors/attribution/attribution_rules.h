// Who holds a chip: rules that say to which pool, team and workload a thing belongs that a source
// saw. Read from a file by read_attribution.h; README.md says how rules are written.
//
// Constant once they are made, and safe for any number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/attribution/attributes.h"
#include "collectors/attribution/name_template.h"
#include "collectors/attribution/pattern.h"

namespace fleetmeter::collector {

// Where a thing is counted. What a rule does not say is empty.
struct Assignment {
  std::string pool;
  std::string team;
  std::string workload;
  std::string workload_type;
  std::string model;
  std::string run;
  std::string customer_tier;  // of requests that were served

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

// What an attribute has to be. It does not hold for a thing that lacks the attribute.
struct Condition {
  struct OneOf {
    std::vector<std::string> texts;
  };
  struct Globs {
    std::vector<std::string> patterns;  // glob.h; one has to match
  };
  struct Patterns {
    std::vector<Pattern> patterns;  // the first that matches counts, and names its groups
  };
  struct Range {
    int64_t min = 0;
    int64_t max = 0;
  };

  std::string attribute;
  std::variant<OneOf, Globs, Patterns, Range> test;

  // Adds what its patterns have captured.
  bool Holds(const Attributes& thing, Captures& captures) const;
};

struct AttributionRule {
  int line = 0;                       // of the file; 0: unknown
  std::vector<Condition> conditions;  // joined by "and"
  std::vector<std::pair<std::string Assignment::*, NameTemplate>> names;

  // Nothing if a condition does not hold or a name cannot be made.
  std::optional<Assignment> Apply(const Attributes& thing) const;
  // Whether it applies to any thing there can be.
  bool TakesAll() const;
};

// What becomes of a thing that no rule applies to.
enum class Unmatched { kError, kUnattributed };

// An assignment, and the rule that gave it: "rules.yaml:12 (rule 2)".
struct AttributionDecision {
  Assignment assignment;
  std::string rule;
};

class AttributionRules {
 public:
  // No rules: everything is nobody's.
  AttributionRules() = default;
  // `file` is named in errors.
  AttributionRules(std::string file, std::vector<AttributionRule> rules, Unmatched unmatched)
      : file_(std::move(file)), rules_(std::move(rules)), unmatched_(unmatched) {}

  // By the first rule that applies. Nothing: the thing is nobody's, and the file allows that.
  // NotFound names the thing.
  absl::StatusOr<std::optional<Assignment>> AssignmentOf(const Attributes& thing) const;
  // Likewise, whatever the file says of what no rule takes.
  std::optional<AttributionDecision> Decide(const Attributes& thing) const;
  // The pools that rules name by themselves, not by an attribute of the thing.
  std::set<std::string> FixedPools() const;
  bool empty() const { return rules_.empty(); }
  bool RefusesUnmatched() const { return unmatched_ == Unmatched::kError; }

 private:
  std::string file_;
  std::vector<AttributionRule> rules_;
  Unmatched unmatched_ = Unmatched::kUnattributed;
};

}  // namespace fleetmeter::collector
