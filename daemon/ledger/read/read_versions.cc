#include "daemon/ledger/read/read_versions.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "daemon/ledger/read/read_rows.h"

namespace fleetmeter {
namespace {

// A version of a plan is recorded again when another catalog makes other amounts of it; that is no
// new version.
constexpr char kVersions[] =
    "SELECT 'plan', plan, plan_version, min(recorded_unix_nanos), effective_from_unix_nanos "
    "FROM plan_versions GROUP BY plan, plan_version "
    "UNION ALL SELECT 'catalog', '', catalog_version, min(recorded_unix_nanos), NULL "
    "FROM catalog_versions GROUP BY catalog_version "
    "UNION ALL SELECT kind, name, version, known_since_unix_nanos, NULL "
    "FROM outcome_rule_contents ORDER BY 4, 3";

// Oldest first, each with the one before it.
absl::StatusOr<std::vector<RecordedVersion>> ReadAll(Database& ledger) {
  std::vector<RecordedVersion> versions;
  std::map<std::pair<std::string, std::string>, int64_t> latest;
  const absl::Status status = ReadRows(ledger, kVersions, [&](const Statement& row) {
    RecordedVersion version;
    version.kind = row.Text(0);
    version.name = row.Text(1);
    version.version = row.Integer(2);
    version.recorded_unix_nanos = row.Integer(3);
    if (!row.IsNull(4)) version.effective_from_unix_nanos = row.Integer(4);
    const auto [before, is_first] =
        latest.try_emplace({version.kind, version.name}, version.version);
    if (!is_first) version.previous_version = std::exchange(before->second, version.version);
    versions.push_back(std::move(version));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return versions;
}

using Terms = std::map<std::string, ChipTerms>;

// What the first record of a version of the catalog said of each kind. Of several ratios of a kind
// the one counts that held when it was recorded.
absl::StatusOr<Terms> ReadTerms(Database& ledger, int64_t catalog_version) {
  Terms terms;
  const absl::Status status = ReadRows(
      ledger,
      "SELECT chip, micro_usd_per_chip_hour, numerator, denominator FROM catalog_ratios JOIN "
      "catalog_versions USING (catalog_record) WHERE workload_type = '' AND catalog_record = "
      "(SELECT min(catalog_record) FROM catalog_versions WHERE catalog_version = ?1) "
      "ORDER BY chip, effective_from_unix_nanos <= recorded_unix_nanos, "
      "effective_from_unix_nanos",
      [&](const Statement& row) {
        ChipTerms& of_chip = terms[row.Text(0)];
        if (!row.IsNull(1)) of_chip.micro_usd_per_chip_hour = row.Integer(1);
        of_chip.chips_per_h100e =
            static_cast<double>(row.Integer(2)) / static_cast<double>(row.Integer(3));
        return absl::OkStatus();
      },
      catalog_version);
  if (!status.ok()) return status;
  return terms;
}

std::vector<ChangedChip> Changed(const Terms& before, const Terms& now) {
  std::set<std::string> names;
  for (const Terms* terms : {&before, &now}) {
    for (const auto& [chip, of_chip] : *terms) names.insert(chip);
  }
  const auto find = [](const Terms& terms, const std::string& chip) {
    const auto found = terms.find(chip);
    return found == terms.end() ? ChipTerms() : found->second;
  };
  std::vector<ChangedChip> changed;
  for (const std::string& chip : names) {
    ChangedChip each{.chip = chip, .before = find(before, chip), .now = find(now, chip)};
    if (each.before != each.now) changed.push_back(std::move(each));
  }
  return changed;
}

absl::Status AddChips(Database& ledger, RecordedVersion* version) {
  if (version->kind != "catalog" || !version->previous_version) return absl::OkStatus();
  const auto before = ReadTerms(ledger, *version->previous_version);
  if (!before.ok()) return before.status();
  const auto now = ReadTerms(ledger, version->version);
  if (!now.ok()) return now.status();
  version->chips = Changed(*before, *now);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<RecordedVersion>> ReadVersionsSince(Database& ledger,
                                                               int64_t since_unix_nanos) {
  auto versions = ReadAll(ledger);
  if (!versions.ok()) return versions.status();
  std::erase_if(*versions, [&](const RecordedVersion& version) {
    return version.recorded_unix_nanos < since_unix_nanos;
  });
  std::reverse(versions->begin(), versions->end());
  for (RecordedVersion& version : *versions) {
    if (absl::Status added = AddChips(ledger, &version); !added.ok()) return added;
  }
  return versions;
}

}  // namespace fleetmeter
