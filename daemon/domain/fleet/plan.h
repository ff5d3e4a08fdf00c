// The allocation plan: who may use how much, by tier, category and pool. Plain values.
//
// A PlanDocument is what a file says; CompilePlan turns it into a Plan with every allocation in
// H100e, or says all that is wrong with it. Pure: no I/O, no clocks.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/domain/fleet/catalog.h"

namespace fleetmeter {

enum class Tier { kP0, kP1, kP2, kBuffer };
enum class Category { kInference, kTraining, kResearch, kSafety };

inline constexpr std::array kTiers = {Tier::kP0, Tier::kP1, Tier::kP2, Tier::kBuffer};
inline constexpr std::array kCategories = {Category::kInference, Category::kTraining,
                                           Category::kResearch, Category::kSafety};

// "p0", "inference", ...: the spelling of files, metrics and messages.
std::string_view Name(Tier tier);
std::string_view Name(Category category);
std::optional<Tier> ParseTier(std::string_view text);
std::optional<Category> ParseCategory(std::string_view text);

struct LendingPolicy {
  double lendable_ratio = 0;  // part of its headroom that others may borrow, 0 to 1
  std::optional<double> borrowing_limit_h100e;  // most this pool may borrow; none: no limit
};

// How many H100e-hours a pool or a team may use in a time, beside what it is allocated at a time.
struct HoursBudget {
  enum class Per {
    kTerm,  // once, from one time to another
    kMonth,
    kQuarter,  // each calendar quarter anew; months and quarters are those of UTC
  };
  double h100e_hours = 0;
  Per per = Per::kTerm;
  // Of a term: half-open, full hours.
  int64_t from_unix_nanos = 0;
  int64_t to_unix_nanos = 0;

  friend bool operator==(const HoursBudget&, const HoursBudget&) = default;
};
// "term", "month", "quarter".
std::string_view Name(HoursBudget::Per per);
inline constexpr double kLeastBudgetHours = 1e-6;  // what budgets are counted in
inline constexpr double kMostBudgetHours = 1e12;

struct DeclaredSupply {
  std::string chip;
  int64_t chips = 0;
};

// --- What a file says --------------------------------------------------------------------------

struct AbsoluteAllocation {
  double h100e = 0;
};
struct ShareAllocation {
  double ratio = 0;  // of the plan's supply in H100e
};
struct ChipAllocation {
  int64_t chips = 0;
  std::string chip;  // empty: the one kind that the plan supplies
};

struct PoolDocument {
  std::string name;
  Category category = Category::kResearch;
  Tier tier = Tier::kP2;
  std::string owner;
  std::string contact;
  std::vector<std::string> teams;
  std::variant<AbsoluteAllocation, ShareAllocation, ChipAllocation> allocation;
  LendingPolicy policy;
  std::optional<HoursBudget> budget = {};
  std::map<std::string, HoursBudget> team_budgets = {};  // by team
};

struct PlanDocument {
  std::string name;
  uint32_t version = 0;
  std::string scenario;
  int64_t effective_from_unix_nanos = 0;
  std::vector<DeclaredSupply> supply;
  std::map<Tier, double> tier_shares;          // of supply, 0 to 1
  std::map<Category, double> category_shares;  // of supply, 0 to 1
  // Whether there are shares at all. Without, each tier (category) has what its pools are
  // allocated.
  bool has_tiers = true;
  bool has_categories = true;
  std::vector<PoolDocument> pools;
  // The requests whose grants beyond allocations are in its allocations. Nothing: it does not say.
  std::optional<std::vector<std::string>> grants = {};
};

// --- What the daemon runs on -------------------------------------------------------------------

struct Pool {
  std::string name;
  Category category = Category::kResearch;
  Tier tier = Tier::kP2;
  std::string owner;
  std::string contact;
  std::vector<std::string> teams;
  double allocated_h100e = 0;
  LendingPolicy policy;
  std::optional<HoursBudget> budget = {};                // of all of its teams together
  std::map<std::string, HoursBudget> team_budgets = {};  // by team
};

struct Plan {
  std::string name;
  uint32_t version = 0;
  std::string scenario;
  int64_t effective_from_unix_nanos = 0;
  std::vector<DeclaredSupply> supply;
  double supply_h100e = 0;
  std::map<Tier, double> tier_shares;
  std::map<Category, double> category_shares;
  std::vector<Pool> pools;  // in the file's order
  // Where in `pools` a name is; filled by CompilePlan.
  std::map<std::string, size_t, std::less<>> pool_index = {};
  // ContentDigest of the document; see plan_identity.h.
  uint64_t content_digest = 0;
  // Whether the file has shares of tiers (categories) that are limits, and not what its pools make.
  bool has_tiers = false;
  bool has_categories = false;
  // See PlanDocument.
  std::optional<std::set<std::string, std::less<>>> grants = {};
  // Since when the books know its name and version, and so its content; 0: since ever.
  int64_t known_since_unix_nanos = 0;

  // nullptr: the plan has no such pool. A plan that was put together without an index is searched
  // from end to end.
  const Pool* FindPool(std::string_view name) const;
};

// A rule that a document breaks. `path` is where, e.g. "pools[3].allocation.share".
struct Violation {
  std::string path;
  std::string message;  // what was wrong, with the sum or value, and what was expected
};

// Fills `plan`. Returns all violations; `plan` is valid only when there is none. Rules:
// tier shares add up to at most 100%; category shares plus the buffer add up to at most 100%;
// shares are 0 to 1; names are unique; supply names known chips and is not zero; a pool's tier is
// not buffer; allocations of a category (tier) add up to at most its share of the supply, and a
// category without a share grants nothing; allocations in chips name a kind that is supplied, or
// none where there is one; budgets are at least kLeastBudgetHours, of teams of the pool, and terms
// of budgets begin before they end, at full hours. A document without tiers (categories) has those
// that its pools make, and all allocations add up to at most the supply; each request is named once
// as one whose grant is in the allocations. The limits of sums are those of plan_limits.h. The
// supply is converted as of the plan's effective date.
std::vector<Violation> CompilePlan(const PlanDocument& document, const Catalog& catalog,
                                   Plan* plan);

}  // namespace fleetmeter
