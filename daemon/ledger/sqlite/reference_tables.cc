#include "daemon/ledger/sqlite/reference_tables.h"

#include <bit>
#include <map>
#include <string>
#include <utility>

#include "daemon/base/digest.h"
#include "daemon/ledger/sqlite/staged_ids.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

int64_t Bits(double value) { return std::bit_cast<int64_t>(value); }

// A number for what it says: everything that is recorded of it.
int64_t DigestOf(const Catalog& catalog) {
  KeyBuilder key;
  for (const ChipKind& kind : catalog.kinds()) {
    key.Add(kind.name).Add(kind.provider).Add(kind.micro_usd_per_chip_hour.value_or(-1));
    for (const Conversion& c : kind.conversions) {
      key.Add(c.effective_from_unix_nanos).Add(c.basis);
      key.Add(c.chips_per_h100e.numerator).Add(c.chips_per_h100e.denominator);
      for (const auto& [type, ratio] : c.by_workload_type) {
        key.Add(type).Add(ratio.numerator).Add(ratio.denominator);
      }
    }
  }
  return static_cast<int64_t>(Digest64(key.Take()));
}

int64_t DigestOf(const Plan& plan) {
  KeyBuilder key;
  key.Add(plan.scenario).Add(plan.effective_from_unix_nanos).Add(Bits(plan.supply_h100e));
  for (const DeclaredSupply& supply : plan.supply) key.Add(supply.chip).Add(supply.chips);
  for (const Pool& pool : plan.pools) {
    key.Add(pool.name).Add(Name(pool.category)).Add(Name(pool.tier)).Add(pool.owner);
    for (const std::string& team : pool.teams) key.Add(team);
    key.Add(Bits(pool.allocated_h100e)).Add(Bits(pool.policy.lendable_ratio));
    key.Add(Bits(pool.policy.borrowing_limit_h100e.value_or(-1)));
  }
  return static_cast<int64_t>(Digest64(key.Take()));
}

}  // namespace

absl::Status ReferenceTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO catalog_versions (catalog_version, digest, recorded_unix_nanos) "
        "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &insert_catalog_},
       {"INSERT INTO catalog_ratios VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &insert_ratio_},
       {"INSERT INTO plan_versions (plan, plan_version, digest, scenario, "
        "effective_from_unix_nanos, supply_h100e, recorded_unix_nanos) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
        &insert_plan_},
       {"INSERT INTO plan_pools VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", &insert_pool_},
       {"INSERT INTO plan_supply VALUES (?1, ?2, ?3)", &insert_supply_},
       {"INSERT INTO plan_contents VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        &insert_content_},
       {"INSERT INTO catalog_contents VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        &insert_catalog_content_},
       {"INSERT INTO outcome_rule_contents VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        &insert_outcome_rules_}});
}

absl::Status ReferenceTables::Restore(RestoredBooks* books) {
  Statement rows;
  absl::Status status = database_.Prepare(
      "SELECT plan, plan_version, digest, known_since_unix_nanos FROM plan_contents "
      "ORDER BY plan, plan_version",
      &rows);
  if (!status.ok()) return status;
  status = rows.ForEach([&](const Statement& row) {
    books->plans.push_back({.plan = row.Text(0),
                            .version = static_cast<uint32_t>(row.Integer(1)),
                            .digest = static_cast<uint64_t>(row.Integer(2)),
                            .known_since_unix_nanos = row.Integer(3)});
    return absl::OkStatus();
  });
  if (status.ok()) status = RestoreCatalogs(books);
  return status.ok() ? RestoreOutcomeRules(books) : status;
}

absl::Status ReferenceTables::RestoreCatalogs(RestoredBooks* books) {
  Statement catalogs;
  absl::Status status =
      database_.Prepare("SELECT catalog_version, digest FROM catalog_contents", &catalogs);
  if (!status.ok()) return status;
  return catalogs.ForEach([&](const Statement& row) {
    books->catalogs.push_back({.version = static_cast<uint32_t>(row.Integer(0)),
                               .digest = static_cast<uint64_t>(row.Integer(1))});
    return absl::OkStatus();
  });
}

absl::Status ReferenceTables::RestoreOutcomeRules(RestoredBooks* books) {
  Statement rules;
  absl::Status status =
      database_.Prepare("SELECT kind, name, version, digest FROM outcome_rule_contents", &rules);
  if (!status.ok()) return status;
  return rules.ForEach([&](const Statement& row) {
    books->outcome_rules.push_back({.kind = row.Text(0),
                                    .name = row.Text(1),
                                    .version = static_cast<uint32_t>(row.Integer(2)),
                                    .digest = static_cast<uint64_t>(row.Integer(3))});
    return absl::OkStatus();
  });
}

absl::Status ReferenceTables::Stage(const ReferenceData& reference, int64_t now_unix_nanos) {
  absl::Status status = Write(reference.catalog, now_unix_nanos);
  if (status.ok()) status = Write(reference.outcomes, now_unix_nanos);
  for (const Plan& plan : reference.plans) {
    if (!status.ok()) return status;
    status = Write(plan, now_unix_nanos);
  }
  return status;
}

absl::Status ReferenceTables::Write(const outcomes::Rules& rules, int64_t now_unix_nanos) {
  for (const outcomes::RulesContent& content : outcomes::ContentsOf(rules)) {
    absl::Status status =
        insert_outcome_rules_.Run(content.kind, content.name, int64_t{content.version},
                                  static_cast<int64_t>(content.digest), now_unix_nanos);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReferenceTables::Write(const Catalog& catalog, int64_t now_unix_nanos) {
  absl::Status status = insert_catalog_content_.Run(
      int64_t{catalog.version()}, static_cast<int64_t>(ContentDigest(catalog)), now_unix_nanos);
  if (!status.ok()) return status;
  status = insert_catalog_.Run(int64_t{catalog.version()}, DigestOf(catalog), now_unix_nanos);
  if (!status.ok() || database_.Changes() == 0) return status;
  const int64_t record = database_.LastInsertedRow();
  for (const ChipKind& kind : catalog.kinds()) {
    if (status = WriteRatios(record, kind); !status.ok()) return status;
  }
  return status;
}

absl::Status ReferenceTables::WriteRatios(int64_t record, const ChipKind& kind) {
  const auto write = [&](const Conversion& c, std::string_view type, const Ratio& ratio) {
    const auto run = [&](auto price) {
      return insert_ratio_.Run(record, kind.name, c.effective_from_unix_nanos, type, kind.provider,
                               ratio.numerator, ratio.denominator, price, c.basis);
    };
    return kind.micro_usd_per_chip_hour ? run(*kind.micro_usd_per_chip_hour) : run(nullptr);
  };
  for (const Conversion& conversion : kind.conversions) {
    absl::Status status = write(conversion, "", conversion.chips_per_h100e);
    for (const auto& [type, ratio] : conversion.by_workload_type) {
      if (!status.ok()) return status;
      status = write(conversion, type, ratio);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReferenceTables::Write(const Plan& plan, int64_t now_unix_nanos) {
  const int64_t known_since =
      plan.known_since_unix_nanos == 0 ? now_unix_nanos : plan.known_since_unix_nanos;
  absl::Status status = insert_content_.Run(plan.name, int64_t{plan.version},
                                            static_cast<int64_t>(plan.content_digest), known_since);
  if (!status.ok()) return status;
  status = insert_plan_.Run(plan.name, int64_t{plan.version}, DigestOf(plan), plan.scenario,
                            plan.effective_from_unix_nanos, plan.supply_h100e, now_unix_nanos);
  if (!status.ok() || database_.Changes() == 0) return status;
  return WritePools(database_.LastInsertedRow(), plan);
}

absl::Status ReferenceTables::WritePools(int64_t record, const Plan& plan) {
  for (const Pool& pool : plan.pools) {
    const std::string teams = fmt::format("{}", fmt::join(pool.teams, ","));
    const auto run = [&](auto limit) {
      return insert_pool_.Run(record, pool.name, Name(pool.category), Name(pool.tier), pool.owner,
                              teams, pool.allocated_h100e, pool.policy.lendable_ratio, limit);
    };
    const absl::Status status =
        pool.policy.borrowing_limit_h100e ? run(*pool.policy.borrowing_limit_h100e) : run(nullptr);
    if (!status.ok()) return status;
  }
  std::map<std::string, int64_t> supply;
  for (const DeclaredSupply& s : plan.supply) supply[s.chip] += s.chips;
  for (const auto& [chip, chips] : supply) {
    if (absl::Status s = insert_supply_.Run(record, chip, chips); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
