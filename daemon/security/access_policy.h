// Who may do what, as the configuration says. Deny by default: what no rule grants is refused.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace fleetmeter {

// What a caller may be. The first three have a listener each; the others say who takes part in the
// requests for capacity, which are served beside the questions.
enum class Role : uint8_t {
  kIngest,
  kQuery,
  kAdmin,
  kAsk,       // asks for capacity, for teams
  kDecide,    // ranks and decides requests within a pool
  kAllocate,  // decides requests beyond a pool's allocation, between pools
};
inline constexpr std::array kRoles = {Role::kIngest, Role::kQuery,  Role::kAdmin,
                                      Role::kAsk,    Role::kDecide, Role::kAllocate};
std::string_view Name(Role role);

struct AccessRule {
  // A SPIFFE ID, or one that ends in "/*": every identity below that path, at any depth.
  std::string identity;
  std::set<Role> roles;
  // What the role ingest may report for. Chips that name no pool need the role only.
  bool all_pools = false;
  std::set<std::string, std::less<>> pools;
  // Names of sources that the role ingest may report for: at most one "*" stands for any text, and
  // "{id}" for the last part of the caller's identity. Empty: the rule says nothing of sources.
  std::vector<std::string> sources = {};
  // Pools that the role query may ask about; absent: all of them, and the fleet as a whole.
  std::optional<std::set<std::string, std::less<>>> sees = std::nullopt;
  // Teams that the role ask may ask for, and pools that the role decide decides in; absent: none.
  bool all_teams = false;
  std::set<std::string, std::less<>> teams = {};
  bool decides_in_all = false;
  std::set<std::string, std::less<>> decides_in = {};
};

// Whether a caller may report for a source, as far as the rules say. What they leave open is for
// the books to decide: a source belongs to the identity that registered it first.
enum class SourceRight : uint8_t {
  kAnyones,   // callers cannot be told apart
  kFirstUse,  // no rule speaks of it
  kGiven,     // a rule of the caller names it
  kNotGiven,  // the caller's rules name other sources only
  kReserved,  // a rule names it that is not the caller's
};

// OK if `text` can be among the sources of a rule.
absl::Status CheckSourcePattern(std::string_view text);

// OK if `text` can be the identity of a rule in this trust domain.
absl::Status CheckRuleIdentity(std::string_view text, std::string_view trust_domain);

// Immutable; shared by whoever decides.
class AccessPolicy {
 public:
  // Without TLS nobody can be told from anybody else: whoever reaches a listener is `kLocal` and
  // may do everything there.
  static AccessPolicy OpenToAll();
  // With TLS: identities of `trust_domain`, and what these rules grant them. An identity that
  // several rules match has what all of them grant together.
  AccessPolicy(std::string trust_domain, std::vector<AccessRule> rules);

  static constexpr std::string_view kLocal = "local";

  bool open_to_all() const { return open_to_all_; }
  const std::string& trust_domain() const { return trust_domain_; }
  // Whether any rule names sources.
  bool names_sources() const { return names_sources_; }

  // What one caller may do; valid as long as the policy.
  class Grants {
   public:
    bool Has(Role role) const;
    // Whether it may report for `pool`. The empty name is "no pool" and needs only the role.
    bool MayReportFor(std::string_view pool) const;
    // Whether it may report for every pool, and so for what belongs to none.
    bool MayReportForAll() const;
    SourceRight RightTo(std::string_view source) const;
    // Whether it may ask about `pool`; and about every pool, and so about the whole fleet.
    bool MaySee(std::string_view pool) const;
    bool SeesAll() const;
    // Whether it may ask for capacity for `team`, and decide about requests in `pool`.
    bool MayAskFor(std::string_view team) const;
    bool MayDecideIn(std::string_view pool) const;

   private:
    friend class AccessPolicy;
    bool all_ = false;
    const AccessPolicy* policy_ = nullptr;
    std::string id_;  // the last part of the identity
    std::vector<const AccessRule*> rules_;
  };
  Grants GrantsOf(std::string_view identity) const;

 private:
  AccessPolicy() = default;
  void NameSources(const AccessRule& rule);
  // Whether a rule names it, whoever calls.
  bool Reserves(std::string_view source) const;

  bool open_to_all_ = false;
  std::string trust_domain_;
  std::vector<AccessRule> rules_;
  // By the identity, or by the path before "/*"; values index rules_.
  std::map<std::string, std::vector<size_t>, std::less<>> exact_;
  std::map<std::string, std::vector<size_t>, std::less<>> below_;
  // What rules say of sources by name, and by patterns with a "*". Patterns with "{id}" are not
  // among them: they stand for another name with each caller.
  bool names_sources_ = false;
  std::set<std::string, std::less<>> source_names_;
  std::vector<std::string> source_patterns_;
};

}  // namespace fleetmeter
