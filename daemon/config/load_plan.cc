#include <limits>

#include "daemon/config/bounds.h"
#include "daemon/config/load_config.h"
#include "daemon/config/plan_file.h"
#include "daemon/config/read_pool.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxScenarioBytes = 512;
constexpr int64_t kMaxChips = 1'000'000'000;  // of one kind
constexpr double kMaxH100e = 1e12;

// Shares of the supply by an enum's names. Keys are known ones only.
template <class Kind, class Kinds>
void ReadShares(const YamlValue& section, const Kinds& kinds, std::map<Kind, double>* out) {
  YamlMap map(section);
  for (const Kind kind : kinds) {
    const YamlValue share = map.Optional(Name(kind));
    if (share.present()) share.ReadShare(&(*out)[kind]);
  }
}

void ReadSupply(const YamlValue& list, std::vector<DeclaredSupply>* out) {
  for (const YamlValue& item : list.Items()) {
    DeclaredSupply supply;
    YamlMap map(item);
    map.Required("chip", "the name of a chip kind").ReadName(&supply.chip);
    map.Required("chips", "how many chips there are").ReadInteger(0, kMaxChips, &supply.chips);
    out->push_back(std::move(supply));
  }
}

void ReadAllocation(const YamlValue& section,
                    std::variant<AbsoluteAllocation, ShareAllocation>* out) {
  YamlMap map(section);
  const YamlValue h100e = map.Optional("h100e");
  const YamlValue share = map.Optional("share");
  if (h100e.present() == share.present()) {
    section.Complain(fmt::format("has {} of h100e and share; expected exactly one of the two",
                                 h100e.present() ? "both" : "none"));
  } else if (h100e.present()) {
    AbsoluteAllocation allocation;
    h100e.ReadNumber(0, kMaxH100e, &allocation.h100e);
    *out = allocation;
  } else {
    ShareAllocation allocation;
    share.ReadShare(&allocation.ratio);
    *out = allocation;
  }
}

PoolDocument ReadPool(const YamlValue& value) {
  PoolDocument pool;
  YamlMap map(value);
  map.Required("name", "the name of the pool").ReadName(&pool.name);
  ReadCategory(map.Required("category", kCategoryNames), &pool.category);
  ReadTier(map.Required("tier", kTierNames), &pool.tier);
  ReadHolder(map, &pool);
  ReadAllocation(map.Required("allocation", "{h100e: N} or {share: N%}"), &pool.allocation);
  return pool;
}

PlanDocument ReadDocument(const YamlValue& root) {
  PlanDocument plan;
  YamlMap map(root);
  int64_t version = 1;
  map.Required("plan", "the name of the plan").ReadName(&plan.name);
  map.Required("version", "an integer that grows with every change")
      .ReadInteger(1, kMaxVersion, &version);
  plan.version = static_cast<uint32_t>(version);
  map.Required("scenario", "what the plan assumes, in words")
      .ReadText(kMaxScenarioBytes, &plan.scenario);
  map.Required("effective_from", "the time from which the plan is in force")
      .ReadTime(&plan.effective_from_unix_nanos);
  ReadSupply(map.Required("supply", "a list of chip kinds with counts"), &plan.supply);
  ReadShares(map.Required("tiers", "shares of the supply by tier"), kTiers, &plan.tier_shares);
  ReadShares(map.Required("categories", "shares of the supply by category"), kCategories,
             &plan.category_shares);
  for (const YamlValue& item : map.Required("pools", "a list of pools").Items()) {
    plan.pools.push_back(ReadPool(item));
  }
  return plan;
}

absl::StatusOr<PlanFile> ReadPlanFile(const std::string& name, std::string_view text,
                                      const Catalog& catalog) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  const PlanDocument document = ReadDocument((*file)->root());
  // The rules of a plan say little about a document with holes in it.
  if (!(*file)->ok()) return (*file)->status();
  PlanFile loaded{.path = name,
                  .effective_from_line = (*file)->LineOf("effective_from"),
                  .version_line = (*file)->LineOf("version"),
                  .plan = {}};
  for (const Violation& violation : CompilePlan(document, catalog, &loaded.plan)) {
    (*file)->ComplainAt(violation.path, violation.message);
  }
  if (!(*file)->ok()) return (*file)->status();
  return loaded;
}

}  // namespace

absl::StatusOr<PlanFile> LoadPlanFile(const std::string& path, const Catalog& catalog) {
  const auto text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  return ReadPlanFile(path, *text, catalog);
}

absl::StatusOr<Plan> LoadPlan(const std::string& path, const Catalog& catalog) {
  auto loaded = LoadPlanFile(path, catalog);
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->plan);
}

absl::StatusOr<Plan> ReadPlan(const std::string& name, std::string_view text,
                              const Catalog& catalog) {
  auto loaded = ReadPlanFile(name, text, catalog);
  if (!loaded.ok()) return loaded.status();
  return std::move(loaded->plan);
}

}  // namespace fleetmeter
