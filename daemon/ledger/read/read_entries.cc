#include "daemon/ledger/read/read_entries.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::StatusOr<AdminAction> ParseAdminAction(const std::string& text) {
  for (const AdminAction action :
       {AdminAction::kForget, AdminAction::kRename, AdminAction::kReprice,
        AdminAction::kCorrectUsage, AdminAction::kMove}) {
    if (Name(action) == text) return action;
  }
  return absl::DataLossError(fmt::format("the ledger has an entry of an action '{}'", text));
}

absl::int128 NanosAt(const Statement& row, int first) {
  return absl::int128(row.Integer(first)) * kNanosPerSecond + row.Integer(first + 1);
}

InferenceDay InferenceDayAt(const Statement& row) {
  InferenceDay day;
  day.day_start = row.Integer(0);
  day.source = row.Text(1);
  day.row.model = row.Text(2);
  day.row.customer_tier = row.Text(3);
  day.row.pool = row.Text(4);
  day.row.workload = row.Text(5);
  const int64_t version = row.Integer(6);
  day.row.unpriced = version == kNoPriceVersion || version == kNoTokensVersion;
  day.row.lacks_tokens = version == kNoTokensVersion;
  day.row.price_book_version = version < 0 ? 0 : static_cast<uint32_t>(version);
  day.corrects = row.Integer(7) != 0;
  day.reprice_number = row.Integer(8);
  day.row.amounts = InferenceAt(row, 9);
  return day;
}

}  // namespace

absl::StatusOr<std::vector<AdminEntry>> ReadEntries(Database& ledger) {
  std::vector<AdminEntry> entries;
  const absl::Status status =
      ReadRows(ledger,
               "SELECT number, entered_unix_nanos, action, identity, reason, source, new_source, "
               "micro_chips, whole_source, from_day, to_day, old_price_book_version, "
               "price_book_version, priced_requests, revenue_micro_usd, windows, chips_s, "
               "chips_ns, busy_s, busy_ns, new_owner FROM admin_entries ORDER BY number",
               [&](const Statement& row) -> absl::Status {
                 const auto action = ParseAdminAction(row.Text(2));
                 if (!action.ok()) return action.status();
                 entries.push_back({.number = row.Integer(0),
                                    .entered_unix_nanos = row.Integer(1),
                                    .action = *action,
                                    .identity = row.Text(3),
                                    .reason = row.Text(4),
                                    .source = row.Text(5),
                                    .new_source = row.Text(6),
                                    .new_owner = row.Text(20),
                                    .micro_chips = row.Integer(7),
                                    .whole_source = row.Integer(8) != 0,
                                    .from_day = row.Integer(9),
                                    .to_day = row.Integer(10),
                                    .old_price_book_version = row.Integer(11),
                                    .price_book_version = row.Integer(12),
                                    .priced_requests = row.Integer(13),
                                    .revenue_micro_usd = row.Integer(14),
                                    .windows = row.Integer(15),
                                    .chip_nanos = NanosAt(row, 16),
                                    .busy_chip_nanos = NanosAt(row, 18)});
                 return absl::OkStatus();
               });
  if (!status.ok()) return status;
  return entries;
}

absl::StatusOr<std::vector<SourceAlias>> ReadSourceAliases(Database& ledger) {
  std::vector<SourceAlias> aliases;
  const absl::Status status = ReadRows(
      ledger, "SELECT name, source FROM source_aliases ORDER BY name", [&](const Statement& row) {
        aliases.push_back({row.Text(0), row.Text(1)});
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return aliases;
}

absl::StatusOr<std::vector<InferenceDay>> ReadInferenceDays(Database& ledger, int64_t from_day,
                                                            int64_t to_day) {
  std::vector<InferenceDay> days;
  std::string amounts;
  for (std::string_view names = kInferenceColumnNames; !names.empty();) {
    const std::string_view name = names.substr(0, names.find(", "));
    amounts += fmt::format(", i.{}", name);
    names.remove_prefix(std::min(names.size(), name.size() + 2));
  }
  const absl::Status status = ReadRows(
      ledger,
      fmt::format("SELECT day_start, o.source, s.model, s.customer_tier, pool, workload, "
                  "price_book_version, i.correction_row, coalesce(c.entry_number, 0){} "
                  "FROM inference_days AS i JOIN segment_totals AS s USING (segment_id) "
                  "JOIN inference_servers USING (server_id) "
                  "JOIN outcome_sources AS o ON o.source_row = i.source_row "
                  "LEFT JOIN outcome_corrections AS c ON c.correction_row = i.correction_row "
                  "WHERE day_start >= ?1 AND day_start < ?2 ORDER BY day_start",
                  amounts),
      [&](const Statement& row) {
        days.push_back(InferenceDayAt(row));
        return absl::OkStatus();
      },
      from_day, to_day);
  if (!status.ok()) return status;
  return days;
}

}  // namespace fleetmeter
