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

// False: the plan says nothing of them, and they are what its pools make.
template <class Kind, class Kinds>
bool ReadOptionalShares(YamlMap& map, std::string_view key, const Kinds& kinds,
                        std::map<Kind, double>* out) {
  const YamlValue section = map.Optional(key);
  if (section.present()) ReadShares(section, kinds, out);
  return section.present();
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

void ReadAllocation(const YamlValue& section, PoolDocument* pool) {
  auto* out = &pool->allocation;
  YamlMap map(section);
  const YamlValue h100e = map.Optional("h100e");
  const YamlValue share = map.Optional("share");
  const YamlValue chips = map.Optional("chips");
  const YamlValue chip = map.Optional("chip");
  const int said = h100e.present() + share.present() + chips.present();
  if (said != 1) {
    section.Complain(fmt::format("has {} of h100e, share and chips; expected exactly one of them",
                                 said == 0 ? "none" : "several"));
  } else if (chip.present() && !chips.present()) {
    chip.Complain("names a kind of chip; expected it only beside chips");
  } else if (h100e.present()) {
    AbsoluteAllocation allocation;
    h100e.ReadNumber(0, kMaxH100e, &allocation.h100e);
    *out = allocation;
  } else if (chips.present()) {
    ChipAllocation allocation;
    chips.ReadInteger(0, kMaxChips, &allocation.chips);
    if (chip.present()) chip.ReadName(&allocation.chip);
    *out = allocation;
  } else {
    ShareAllocation allocation;
    share.ReadShare(&allocation.ratio);
    *out = allocation;
  }
}

// A key that only a plan with the section of that kind needs; else PoolDocument's default stands.
template <class Kind>
void ReadKindOf(YamlMap& map, std::string_view key, std::string_view expected, bool needed,
                void (*read)(const YamlValue&, Kind*), Kind* out) {
  const YamlValue value = needed ? map.Required(key, expected) : map.Optional(key);
  if (value.present()) read(value, out);
}

PoolDocument ReadPool(const YamlValue& value, const PlanDocument& plan) {
  PoolDocument pool;
  YamlMap map(value);
  map.Required("name", "the name of the pool").ReadName(&pool.name);
  ReadKindOf(map, "category", kCategoryNames, plan.has_categories, ReadCategory, &pool.category);
  ReadKindOf(map, "tier", kTierNames, plan.has_tiers, ReadTier, &pool.tier);
  ReadHolder(map, &pool);
  ReadAllocation(map.Required("allocation", "{h100e: N}, {share: N%} or {chips: N, chip: KIND}"),
                 &pool);
  return pool;
}

// An empty list says that no grant is in the allocations; no list does not say anything.
void ReadGrants(const YamlValue& list, std::optional<std::vector<std::string>>* out) {
  if (!list.present()) return;
  out->emplace();
  if (list.node().kind == YamlNode::Kind::kList && list.node().values.empty()) return;
  for (const YamlValue& item : list.Items()) item.ReadName(&(*out)->emplace_back());
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
  plan.has_tiers = ReadOptionalShares(map, "tiers", kTiers, &plan.tier_shares);
  plan.has_categories = ReadOptionalShares(map, "categories", kCategories, &plan.category_shares);
  for (const YamlValue& item : map.Required("pools", "a list of pools").Items()) {
    plan.pools.push_back(ReadPool(item, plan));
  }
  ReadGrants(map.Optional("grants"), &plan.grants);
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

absl::StatusOr<PlanDocument> ReadPlanDocument(const std::string& name, std::string_view text) {
  auto file = YamlFile::Parse(name, text);
  if (!file.ok()) return file.status();
  PlanDocument document = ReadDocument((*file)->root());
  if (!(*file)->ok()) return (*file)->status();
  return document;
}

}  // namespace fleetmeter
