#include "daemon/domain/fleet/plan_identity.h"

#include <algorithm>
#include <bit>
#include <ctime>
#include <string_view>

#include "daemon/base/digest.h"
#include "daemon/base/units.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Texts and numbers as one text. Each has its length before it, so that no two lists are the same.
class ContentText {
 public:
  ContentText& Add(std::string_view text) {
    text_ += fmt::format("{}:{}", text.size(), text);
    return *this;
  }
  ContentText& Add(int64_t number) { return Add(fmt::format("{}", number)); }
  ContentText& Add(double number) {
    return Add(fmt::format("{:x}", std::bit_cast<uint64_t>(number + 0.0)));  // -0 is 0
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Sorted, since the order says nothing.
template <class Items, class Render>
void AddSorted(const Items& items, const Render& render, ContentText* out) {
  std::vector<std::string> rendered;
  for (const auto& item : items) rendered.push_back(render(item));
  std::sort(rendered.begin(), rendered.end());
  out->Add(static_cast<int64_t>(rendered.size()));
  for (const std::string& text : rendered) out->Add(text);
}

template <class Kind>
void AddShares(const std::map<Kind, double>& shares, ContentText* out) {
  out->Add(static_cast<int64_t>(shares.size()));
  for (const auto& [kind, share] : shares) out->Add(Name(kind)).Add(share);
}

void AddAllocation(const PoolDocument& pool, ContentText* out) {
  if (const auto* absolute = std::get_if<AbsoluteAllocation>(&pool.allocation)) {
    out->Add("h100e").Add(absolute->h100e);
  } else if (const auto* chips = std::get_if<ChipAllocation>(&pool.allocation)) {
    out->Add("chips").Add(chips->chips).Add(chips->chip);
  } else {
    out->Add("share").Add(std::get<ShareAllocation>(pool.allocation).ratio);
  }
}

void AddBudget(const HoursBudget& budget, ContentText* out) {
  out->Add(Name(budget.per)).Add(budget.h100e_hours);
  out->Add(budget.from_unix_nanos).Add(budget.to_unix_nanos);
}

// Nothing of a pool without budgets: plans from before there were any say what they said.
void AddBudgets(const PoolDocument& pool, ContentText* out) {
  if (!pool.budget && pool.team_budgets.empty()) return;
  out->Add("budgets").Add(int64_t{pool.budget ? 1 : 0});
  if (pool.budget) AddBudget(*pool.budget, out);
  for (const auto& [team, budget] : pool.team_budgets) {
    out->Add(team);
    AddBudget(budget, out);
  }
}

std::string Render(const PoolDocument& pool) {
  ContentText text;
  text.Add(pool.name).Add(Name(pool.category)).Add(Name(pool.tier));
  text.Add(pool.owner).Add(pool.contact);
  AddSorted(pool.teams, [](const std::string& team) { return team; }, &text);
  AddAllocation(pool, &text);
  text.Add(pool.policy.lendable_ratio).Add(pool.policy.borrowing_limit_h100e.value_or(-1));
  AddBudgets(pool, &text);
  return text.text();
}

std::string Render(const DeclaredSupply& supply) {
  ContentText text;
  text.Add(supply.chip).Add(supply.chips);
  return text.text();
}

std::string UtcTime(int64_t unix_nanos) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                     fmt::gmtime(static_cast<std::time_t>(unix_nanos / kNanosPerSecond)));
}

}  // namespace

uint64_t ContentDigest(const PlanDocument& document) {
  ContentText text;
  text.Add(document.name).Add(int64_t{document.version}).Add(document.scenario);
  text.Add(document.effective_from_unix_nanos);
  AddSorted(document.supply, [](const DeclaredSupply& supply) { return Render(supply); }, &text);
  AddShares(document.tier_shares, &text);
  AddShares(document.category_shares, &text);
  AddSorted(document.pools, [](const PoolDocument& pool) { return Render(pool); }, &text);
  // Plans from before grants could be named say what they said.
  if (document.grants) {
    AddSorted(*document.grants, [](const std::string& request) { return request; }, &text);
  }
  return Digest64(text.text());
}

void KnownPlans::Learn(const PlanContent& content) {
  contents_.try_emplace({content.plan, content.version},
                        Content{content.digest, content.known_since_unix_nanos});
}

void KnownPlans::Learn(const std::vector<Plan>& plans, int64_t now_unix_nanos) {
  for (const Plan& plan : plans) {
    Learn(PlanContent{plan.name, plan.version, plan.content_digest, now_unix_nanos});
  }
}

void KnownPlans::Stamp(std::vector<Plan>* plans) const {
  for (Plan& plan : *plans) {
    const auto found = contents_.find({plan.name, plan.version});
    if (found != contents_.end()) {
      plan.known_since_unix_nanos = found->second.known_since_unix_nanos;
    }
  }
}

void KnownPlans::LearnInForce(const std::string& plan, uint32_t version) {
  uint32_t& highest = highest_in_force_[plan];
  highest = std::max(highest, version);
}

absl::Status KnownPlans::Check(const std::vector<Plan>& plans, const Plan& in_force) const {
  for (const Plan& plan : plans) {
    if (absl::Status status = CheckContent(plan); !status.ok()) return status;
  }
  const auto highest = highest_in_force_.find(in_force.name);
  if (highest == highest_in_force_.end() || in_force.version >= highest->second) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "plan '{}' version {} would follow version {} of the same plan, which has been in force; "
      "expected no lower version: raise it to {} to bring these allocations back",
      in_force.name, in_force.version, highest->second, FreeVersion(in_force.name)));
}

absl::Status KnownPlans::CheckContent(const Plan& plan) const {
  const auto found = contents_.find({plan.name, plan.version});
  if (found == contents_.end() || found->second.digest == plan.content_digest) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(fmt::format(
      "plan '{0}' version {1} says something else than plan '{0}' version {1} that is known since "
      "{2} (its content is {3:016x}, and was {4:016x}); numbers that cite the version must mean "
      "one "
      "plan: raise the version to {5} for a change, or bring the old content back",
      plan.name, plan.version, UtcTime(found->second.known_since_unix_nanos), plan.content_digest,
      found->second.digest, FreeVersion(plan.name)));
}

uint32_t KnownPlans::FreeVersion(const std::string& plan) const {
  uint32_t highest = 0;
  for (const auto& [key, content] : contents_) {
    if (key.first == plan) highest = std::max(highest, key.second);
  }
  const auto in_force = highest_in_force_.find(plan);
  if (in_force != highest_in_force_.end()) highest = std::max(highest, in_force->second);
  return highest + 1;
}

}  // namespace fleetmeter
