#include "daemon/ledger/sqlite/day_zone_row.h"

#include <string>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// "" where there is no row.
absl::StatusOr<std::string> NameInForce(Database& ledger) {
  auto name = ledger.Text("SELECT time_zone FROM outcome_day_zone");
  if (absl::IsNotFound(name.status())) return std::string();
  return name;
}

absl::StatusOr<bool> HasDays(Database& ledger) {
  const auto rows = ledger.Integer(
      "SELECT EXISTS (SELECT 1 FROM inference_days) OR EXISTS (SELECT 1 FROM training_days) "
      "OR EXISTS (SELECT 1 FROM model_usage_days)");
  if (!rows.ok()) return rows.status();
  return *rows != 0;
}

}  // namespace

absl::StatusOr<DayZone> ReadDayZone(Database& ledger) {
  const auto name = NameInForce(ledger);
  if (!name.ok()) return name.status();
  return name->empty() ? DayZone() : DayZone::Load(*name);
}

absl::Status CheckDayZone(Database& ledger, const DayZone& zone, std::string_view path) {
  const auto name = NameInForce(ledger);
  if (!name.ok()) return name.status();
  const std::string has = name->empty() ? DayZone().name() : *name;
  if (has == zone.name()) return absl::OkStatus();
  const auto has_days = HasDays(ledger);
  if (!has_days.ok()) return has_days.status();
  if (!*has_days) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("the ledger {} has outcomes by the days of {}, and outcomes.time_zone is {}; "
                  "expected {}: days that are booked cannot be divided again, so that another zone "
                  "takes a new ledger",
                  Quoted(path), has, zone.name(), has));
}

absl::Status TakeDayZone(Database& ledger, const DayZone& zone, std::string_view path) {
  if (absl::Status may = CheckDayZone(ledger, zone, path); !may.ok()) return may;
  Statement row;
  absl::Status status = ledger.Prepare(
      "INSERT INTO outcome_day_zone VALUES (1, ?1) ON CONFLICT DO UPDATE SET time_zone = ?1 "
      "WHERE time_zone <> ?1",
      &row);
  return status.ok() ? row.Run(zone.name()) : status;
}

}  // namespace fleetmeter
