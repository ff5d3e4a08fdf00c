// The ledger's tables, as SQL. Their comments are the reference for whoever reads a ledger with
// other programs.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// "FMLG": what file(1) and SQLite show as the file's application id.
inline constexpr int64_t kLedgerApplicationId = 0x464D4C47;

// The newest version of the tables that this program knows; in the file's user_version.
int LatestSchemaVersion();

// FailedPrecondition: not a ledger and not an empty file, or one of a newer program.
absl::Status CheckOwnership(Database& database, std::string_view path);

// Brings a new or older ledger to the latest version, each step in a transaction of its own.
absl::Status MigrateSchema(Database& database, std::string_view path);

// The same checks, for whoever only reads. An older version is refused too.
absl::Status CheckSchema(Database& database, std::string_view path);

// Each is in two columns: whole seconds, "chips_s", and the nanoseconds of the rest, "chips_ns".
inline constexpr std::array<std::string_view, 5> kAmountNames = {"chips", "busy", "productive",
                                                                 "measured", "productive_measured"};
// "chips_s, chips_ns, busy_s, ...".
const std::string& AmountColumnNames();
// "sum(chips_s), sum(chips_ns), ...".
const std::string& AmountColumnSums();
// "sum(u.chips_s), sum(u.chips_ns), ...", where joined tables have the same columns.
std::string AmountColumnSums(std::string_view table);
// "?6, ?7, ...": parameters for amounts, from the given number on.
std::string AmountParameters(int first);
// "0, 0, ...": nothing of every amount.
std::string ZeroAmounts();
// Adds amounts given as parameters to a row that is there: "chips_s = chips_s + ?6 +
// (chips_ns + ?7) / 1000000000, chips_ns = (chips_ns + ?7) % 1000000000, ...".
std::string AddAmounts(int first);

}  // namespace fleetmeter
