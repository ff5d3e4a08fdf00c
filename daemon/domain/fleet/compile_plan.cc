#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/domain/fleet/check_budgets.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/fleet/plan_identity.h"
#include "daemon/domain/fleet/plan_limits.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

constexpr double kTolerance = 1e-9;  // of the supply

// False for NaN, too.
bool IsShare(double value) { return value >= 0 && value <= 1; }
bool IsAmount(double value) { return value >= 0 && std::isfinite(value); }

std::string Percent(double share) { return fmt::format("{:.10g}%", share * 100); }

// Fills one plan from one document; lives for one CompilePlan call.
class PlanCompiler {
 public:
  PlanCompiler(const PlanDocument& document, const Catalog& catalog, Plan* plan)
      : document_(document), catalog_(catalog), plan_(*plan) {}

  std::vector<Violation> Run() {
    plan_ = Plan{.name = document_.name,
                 .version = document_.version,
                 .scenario = document_.scenario,
                 .effective_from_unix_nanos = document_.effective_from_unix_nanos,
                 .supply = document_.supply,
                 .supply_h100e = 0,
                 .tier_shares = document_.tier_shares,
                 .category_shares = document_.category_shares,
                 .pools = {}};
    plan_.content_digest = ContentDigest(document_);
    plan_.has_tiers = document_.has_tiers;
    plan_.has_categories = document_.has_categories;
    AddGrants();
    AddSupply();
    CheckShares();
    for (size_t i = 0; i < document_.pools.size(); ++i) AddPool(i);
    // Sums of values that are wrong themselves would only repeat the news.
    if (violations_.empty()) ShareOutUnsaid();
    if (violations_.empty()) CheckAllocations();
    return std::move(violations_);
  }

 private:
  void Complain(std::string path, std::string message) {
    violations_.push_back({std::move(path), std::move(message)});
  }

  void AddGrants() {
    if (!document_.grants) return;
    plan_.grants.emplace();
    for (size_t i = 0; i < document_.grants->size(); ++i) {
      const std::string& request = (*document_.grants)[i];
      if (plan_.grants->insert(request).second) continue;
      Complain(fmt::format("grants[{}]", i),
               fmt::format("\"{}\" is named twice; expected each request once", request));
    }
  }

  void AddSupply() {
    std::set<std::string> seen;
    for (size_t i = 0; i < document_.supply.size(); ++i) {
      const auto& [chip, chips] = document_.supply[i];
      const ChipKind* kind = catalog_.Find(chip);
      const std::string path = fmt::format("supply[{}]", i);
      if (kind == nullptr) {
        Complain(
            path + ".chip",
            fmt::format("\"{}\" is not in the catalog; expected the name of a chip kind", chip));
      } else if (!seen.insert(chip).second) {
        Complain(path + ".chip",
                 fmt::format("\"{}\" is supplied twice; expected each chip kind once", chip));
      }
      if (chips < 0) {
        Complain(path + ".chips", fmt::format("is {}; expected no negative number", chips));
      } else if (kind != nullptr) {
        const Conversion& conversion = kind->ConversionAt(document_.effective_from_unix_nanos);
        plan_.supply_h100e += H100e(static_cast<double>(chips), conversion.chips_per_h100e);
      }
    }
    if (violations_.empty() && !(plan_.supply_h100e > 0)) {
      Complain("supply", "adds up to 0 H100e; expected at least one chip");
    }
  }

  // Returns the sum of the shares.
  template <class Kind>
  double CheckEachShare(const char* section, const std::map<Kind, double>& shares) {
    double sum = 0;
    for (const auto& [kind, share] : shares) {
      if (!IsShare(share)) {
        Complain(fmt::format("{}.{}", section, Name(kind)),
                 fmt::format("is {}; expected 0% to 100%", Percent(share)));
      }
      sum += share;
    }
    return sum;
  }

  void CheckShares() {
    const double tiers = CheckEachShare("tiers", document_.tier_shares);
    const double categories = CheckEachShare("categories", document_.category_shares);
    if (tiers > 1 + kTolerance) {
      Complain("tiers", fmt::format("add up to {}; expected at most 100%", Percent(tiers)));
    }
    const auto found = document_.tier_shares.find(Tier::kBuffer);
    const double buffer = found == document_.tier_shares.end() ? 0 : found->second;
    if (categories + buffer > 1 + kTolerance) {
      Complain("categories",
               fmt::format("add up to {} and the buffer to {}, together {}; expected at most 100%",
                           Percent(categories), Percent(buffer), Percent(categories + buffer)));
    }
  }

  void AddPool(size_t index) {
    const PoolDocument& pool = document_.pools[index];
    const std::string path = fmt::format("pools[{}]", index);
    if (pool.name.empty()) {
      Complain(path + ".name", "is empty; expected a name");
    } else if (!pool_names_.insert(pool.name).second) {
      Complain(
          path + ".name",
          fmt::format("\"{}\" is the name of another pool; expected a unique name", pool.name));
    }
    if (pool.tier == Tier::kBuffer) {
      Complain(path + ".tier", "is buffer, which no pool may hold; expected p0, p1 or p2");
    }
    CheckTeams(pool, path);
    CheckPolicy(pool.policy, path + ".policy");
    for (Violation& violation : CheckBudgets(pool, path)) {
      violations_.push_back(std::move(violation));
    }
    plan_.pool_index.emplace(pool.name, plan_.pools.size());
    plan_.pools.push_back({.name = pool.name,
                           .category = pool.category,
                           .tier = pool.tier,
                           .owner = pool.owner,
                           .contact = pool.contact,
                           .teams = pool.teams,
                           .allocated_h100e = Allocated(pool, path + ".allocation"),
                           .policy = pool.policy,
                           .budget = pool.budget,
                           .team_budgets = pool.team_budgets});
  }

  void CheckTeams(const PoolDocument& pool, const std::string& path) {
    std::set<std::string> seen;
    for (size_t i = 0; i < pool.teams.size(); ++i) {
      if (seen.insert(pool.teams[i]).second) continue;
      Complain(fmt::format("{}.teams[{}]", path, i),
               fmt::format("\"{}\" is listed twice; expected each team once", pool.teams[i]));
    }
  }

  void CheckPolicy(const LendingPolicy& policy, const std::string& path) {
    if (!IsShare(policy.lendable_ratio)) {
      Complain(path + ".lendable",
               fmt::format("is {}; expected 0% to 100%", Percent(policy.lendable_ratio)));
    }
    if (policy.borrowing_limit_h100e && !IsAmount(*policy.borrowing_limit_h100e)) {
      Complain(path + ".borrowing_limit_h100e",
               fmt::format("is {}; expected no negative number", *policy.borrowing_limit_h100e));
    }
  }

  double Allocated(const PoolDocument& pool, const std::string& path) {
    if (const auto* absolute = std::get_if<AbsoluteAllocation>(&pool.allocation)) {
      if (!IsAmount(absolute->h100e)) {
        Complain(path + ".h100e",
                 fmt::format("is {}; expected no negative number", absolute->h100e));
      }
      return absolute->h100e;
    }
    if (const auto* chips = std::get_if<ChipAllocation>(&pool.allocation)) {
      return AllocatedChips(*chips, path);
    }
    const double share = std::get<ShareAllocation>(pool.allocation).ratio;
    if (!IsShare(share)) {
      Complain(path + ".share", fmt::format("is {}; expected 0% to 100%", Percent(share)));
    }
    return share * plan_.supply_h100e;
  }

  double AllocatedChips(const ChipAllocation& allocation, const std::string& path) {
    if (allocation.chips < 0) {
      Complain(path + ".chips",
               fmt::format("is {}; expected no negative number", allocation.chips));
    }
    const std::string chip = SuppliedChip(allocation, path);
    const ChipKind* kind = catalog_.Find(chip);
    if (kind == nullptr) return 0;  // it was complained of
    return H100e(static_cast<double>(allocation.chips),
                 kind->ConversionAt(document_.effective_from_unix_nanos).chips_per_h100e);
  }

  // The kind that is meant; empty after a complaint.
  std::string SuppliedChip(const ChipAllocation& allocation, const std::string& path) {
    std::vector<std::string> supplied;
    for (const DeclaredSupply& supply : document_.supply) supplied.push_back(supply.chip);
    if (allocation.chip.empty()) {
      if (supplied.size() == 1) return supplied.front();
      Complain(path, fmt::format("does not say the kind of chip; expected chip: one of {}",
                                 fmt::join(supplied, ", ")));
      return "";
    }
    if (std::find(supplied.begin(), supplied.end(), allocation.chip) != supplied.end()) {
      return allocation.chip;
    }
    Complain(path + ".chip", fmt::format("\"{}\" is not in the plan's supply{}; expected one of {}",
                                         allocation.chip, DidYouMeanText(allocation.chip, supplied),
                                         fmt::join(supplied, ", ")));
    return "";
  }

  // Tiers and categories of a document that says nothing of them: what their pools make.
  void ShareOutUnsaid() {
    if (document_.has_tiers && document_.has_categories) return;
    double allocated = 0;
    for (const Pool& pool : plan_.pools) {
      allocated += pool.allocated_h100e;
      const double share = pool.allocated_h100e / plan_.supply_h100e;
      if (!document_.has_tiers) plan_.tier_shares[pool.tier] += share;
      if (!document_.has_categories) plan_.category_shares[pool.category] += share;
    }
    const auto found = plan_.tier_shares.find(Tier::kBuffer);
    const double buffer = found == plan_.tier_shares.end() ? 0 : found->second;
    const PlanLimits limits = LimitsOf(plan_);
    const double most = limits.all;
    if (allocated <= most + limits.tolerance) return;
    Complain("pools", fmt::format("are allocated {:.10g} H100e; expected at most {:.10g}, the "
                                  "supply{}",
                                  allocated, most, buffer > 0 ? " without the buffer" : ""));
  }

  template <class Kind>
  void CheckAllocationsOf(const char* section, const std::map<Kind, double>& shares, Kind kind,
                          double allocated, const std::optional<double>& limit, double tolerance) {
    if (!limit || allocated <= *limit + tolerance) return;
    const auto found = shares.find(kind);
    Complain(fmt::format("{}.{}", section, Name(kind)),
             fmt::format("grants {} of {:.10g} H100e, but its pools are allocated {:.10g}; "
                         "expected at most {:.10g}",
                         found == shares.end() ? "nothing" : Percent(found->second),
                         plan_.supply_h100e, allocated, *limit));
  }

  void CheckAllocations() {
    std::map<Tier, double> by_tier;
    std::map<Category, double> by_category;
    for (const Pool& pool : plan_.pools) {
      by_tier[pool.tier] += pool.allocated_h100e;
      by_category[pool.category] += pool.allocated_h100e;
    }
    const PlanLimits limits = LimitsOf(plan_);
    for (const auto& [tier, allocated] : by_tier) {
      CheckAllocationsOf("tiers", plan_.tier_shares, tier, allocated,
                         limits.tiers[static_cast<size_t>(tier)], limits.tolerance);
    }
    for (const auto& [category, allocated] : by_category) {
      CheckAllocationsOf("categories", plan_.category_shares, category, allocated,
                         limits.categories[static_cast<size_t>(category)], limits.tolerance);
    }
  }

  const PlanDocument& document_;
  const Catalog& catalog_;
  Plan& plan_;
  std::set<std::string> pool_names_;
  std::vector<Violation> violations_;
};

}  // namespace

std::vector<Violation> CompilePlan(const PlanDocument& document, const Catalog& catalog,
                                   Plan* plan) {
  return PlanCompiler(document, catalog, plan).Run();
}

}  // namespace fleetmeter
