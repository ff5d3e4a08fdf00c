#include "daemon/serve/query/version_answers.h"

#include "daemon/ledger/read/read_versions.h"

namespace fleetmeter {
namespace {

constexpr int kMostVersions = 1'000;
constexpr double kMicroUsdInUsd = 1e6;

double Usd(int64_t micro_usd) { return static_cast<double>(micro_usd) / kMicroUsdInUsd; }

void FillChip(const ChangedChip& from, v1::ChangedChip& to) {
  to.set_chip(from.chip);
  const ChipTerms& before = from.before;
  const ChipTerms& now = from.now;
  if (before.micro_usd_per_chip_hour) {
    to.set_usd_per_chip_hour_before(Usd(*before.micro_usd_per_chip_hour));
  }
  if (now.micro_usd_per_chip_hour) to.set_usd_per_chip_hour_now(Usd(*now.micro_usd_per_chip_hour));
  if (before.chips_per_h100e) to.set_chips_per_h100e_before(*before.chips_per_h100e);
  if (now.chips_per_h100e) to.set_chips_per_h100e_now(*now.chips_per_h100e);
}

void FillVersion(const RecordedVersion& from, v1::RecordedVersion& to) {
  to.set_kind(from.kind);
  to.set_name(from.name);
  to.set_version(static_cast<uint32_t>(from.version));
  to.set_recorded_unix_nanos(from.recorded_unix_nanos);
  if (from.effective_from_unix_nanos) {
    to.set_effective_from_unix_nanos(*from.effective_from_unix_nanos);
  }
  if (from.previous_version) to.set_previous_version(static_cast<uint32_t>(*from.previous_version));
  for (const ChangedChip& chip : from.chips) FillChip(chip, *to.add_chips());
}

}  // namespace

absl::Status AnswerVersions(Database& ledger, const v1::ListVersionsRequest& request,
                            v1::ListVersionsResponse* response) {
  const auto versions = ReadVersionsSince(ledger, request.since_unix_nanos());
  if (!versions.ok()) return versions.status();
  for (const RecordedVersion& version : *versions) {
    if (response->versions_size() == kMostVersions) {
      response->set_left_out(static_cast<uint32_t>(versions->size()) - kMostVersions);
      break;
    }
    FillVersion(version, *response->add_versions());
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
