#include "daemon/security/access_policy.h"

#include <algorithm>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/security/spiffe_id.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::string_view kBelow = "/*";
constexpr std::string_view kCallersId = "{id}";

// At most one "*" stands for any text.
bool MatchesSource(std::string_view pattern, std::string_view source) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == source;
  const std::string_view before = pattern.substr(0, star);
  const std::string_view after = pattern.substr(star + 1);
  return source.size() >= before.size() + after.size() && source.starts_with(before) &&
         source.ends_with(after);
}

std::string WithCallersId(const std::string& pattern, const std::string& id) {
  std::string text = pattern;
  for (size_t at = text.find(kCallersId); at != std::string::npos;
       at = text.find(kCallersId, at + id.size())) {
    text.replace(at, kCallersId.size(), id);
  }
  return text;
}

}  // namespace

std::string_view Name(Role role) {
  switch (role) {
    case Role::kIngest:
      return "ingest";
    case Role::kQuery:
      return "query";
    case Role::kAdmin:
      return "admin";
    case Role::kAsk:
      return "ask";
    case Role::kDecide:
      return "decide";
    case Role::kAllocate:
      return "allocate";
  }
  return "unknown";
}

absl::Status CheckSourcePattern(std::string_view text) {
  std::string rest(text);
  for (size_t at = rest.find(kCallersId); at != std::string::npos; at = rest.find(kCallersId)) {
    rest.erase(at, kCallersId.size());
  }
  if (text.empty() || rest.find_first_of("{}") != std::string::npos ||
      std::count(rest.begin(), rest.end(), '*') > 1) {
    return absl::InvalidArgumentError(
        fmt::format("is {}; expected the name of a source, in which at most one * stands for any "
                    "text and {{id}} for the last part of the caller's identity",
                    AsciiQuoted(text)));
  }
  return absl::OkStatus();
}

absl::Status CheckRuleIdentity(std::string_view text, std::string_view trust_domain) {
  std::string_view named = text;
  if (named.ends_with(kBelow)) named.remove_suffix(kBelow.size());
  const auto id = ParseSpiffeId(named);
  if (!id.ok()) return id.status();
  if (id->trust_domain != trust_domain) {
    return absl::InvalidArgumentError(
        fmt::format("is of trust domain {}; expected {}, as tls.trust_domain says",
                    AsciiQuoted(id->trust_domain), AsciiQuoted(trust_domain)));
  }
  if (id->path.empty() && named.size() == text.size()) {
    return absl::InvalidArgumentError(
        fmt::format("is {}, a trust domain; expected an identity with a path, or /* for all of "
                    "them",
                    AsciiQuoted(text)));
  }
  return absl::OkStatus();
}

AccessPolicy AccessPolicy::OpenToAll() {
  AccessPolicy policy;
  policy.open_to_all_ = true;
  return policy;
}

AccessPolicy::AccessPolicy(std::string trust_domain, std::vector<AccessRule> rules)
    : trust_domain_(std::move(trust_domain)), rules_(std::move(rules)) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    std::string identity = rules_[i].identity;
    const bool below = identity.ends_with(kBelow);
    if (below) identity.resize(identity.size() - kBelow.size());
    (below ? below_ : exact_)[std::move(identity)].push_back(i);
    NameSources(rules_[i]);
  }
}

void AccessPolicy::NameSources(const AccessRule& rule) {
  for (const std::string& pattern : rule.sources) {
    names_sources_ = true;
    if (pattern.find(kCallersId) != std::string::npos) continue;
    if (pattern.find('*') == std::string::npos) {
      source_names_.insert(pattern);
    } else {
      source_patterns_.push_back(pattern);
    }
  }
}

bool AccessPolicy::Reserves(std::string_view source) const {
  return source_names_.contains(source) ||
         std::any_of(source_patterns_.begin(), source_patterns_.end(),
                     [&](const std::string& pattern) { return MatchesSource(pattern, source); });
}

AccessPolicy::Grants AccessPolicy::GrantsOf(std::string_view identity) const {
  Grants grants;
  grants.all_ = open_to_all_;
  grants.policy_ = this;
  grants.id_ = identity.substr(identity.rfind('/') + 1);
  const auto add = [&](const auto& index, std::string_view key) {
    const auto found = index.find(key);
    if (found == index.end()) return;
    for (const size_t rule : found->second) grants.rules_.push_back(&rules_[rule]);
  };
  add(exact_, identity);
  // "spiffe://example.org/host/a" lies below ".../host" and below the trust domain.
  for (size_t slash = identity.rfind('/'); slash != std::string_view::npos && slash > 0;
       slash = identity.rfind('/', slash - 1)) {
    add(below_, identity.substr(0, slash));
  }
  return grants;
}

bool AccessPolicy::Grants::Has(Role role) const {
  return all_ || std::any_of(rules_.begin(), rules_.end(),
                             [role](const AccessRule* rule) { return rule->roles.contains(role); });
}

bool AccessPolicy::Grants::MayReportFor(std::string_view pool) const {
  if (all_) return true;
  return std::any_of(rules_.begin(), rules_.end(), [pool](const AccessRule* rule) {
    return rule->roles.contains(Role::kIngest) &&
           (pool.empty() || rule->all_pools || rule->pools.contains(pool));
  });
}

bool AccessPolicy::Grants::MayReportForAll() const {
  return all_ || std::any_of(rules_.begin(), rules_.end(), [](const AccessRule* rule) {
           return rule->roles.contains(Role::kIngest) && rule->all_pools;
         });
}

bool AccessPolicy::Grants::MaySee(std::string_view pool) const {
  return all_ || std::any_of(rules_.begin(), rules_.end(), [pool](const AccessRule* rule) {
           return rule->roles.contains(Role::kQuery) && (!rule->sees || rule->sees->contains(pool));
         });
}

bool AccessPolicy::Grants::SeesAll() const {
  return all_ || std::any_of(rules_.begin(), rules_.end(), [](const AccessRule* rule) {
           return rule->roles.contains(Role::kQuery) && !rule->sees;
         });
}

bool AccessPolicy::Grants::MayAskFor(std::string_view team) const {
  return all_ || std::any_of(rules_.begin(), rules_.end(), [team](const AccessRule* rule) {
           return rule->roles.contains(Role::kAsk) &&
                  (rule->all_teams || rule->teams.contains(team));
         });
}

bool AccessPolicy::Grants::MayDecideIn(std::string_view pool) const {
  return all_ || std::any_of(rules_.begin(), rules_.end(), [pool](const AccessRule* rule) {
           return rule->roles.contains(Role::kDecide) &&
                  (rule->decides_in_all || rule->decides_in.contains(pool));
         });
}

SourceRight AccessPolicy::Grants::RightTo(std::string_view source) const {
  if (all_) return SourceRight::kAnyones;
  bool limited = false;
  for (const AccessRule* rule : rules_) {
    if (!rule->roles.contains(Role::kIngest)) continue;
    for (const std::string& pattern : rule->sources) {
      limited = true;
      if (MatchesSource(WithCallersId(pattern, id_), source)) return SourceRight::kGiven;
    }
  }
  if (limited) return SourceRight::kNotGiven;
  return policy_->Reserves(source) ? SourceRight::kReserved : SourceRight::kFirstUse;
}

}  // namespace fleetmeter
