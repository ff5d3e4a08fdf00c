#include "daemon/ledger/sqlite/ledger_schema.h"

#include <array>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/ledger_schema_v1.h"
#include "daemon/ledger/sqlite/ledger_schema_v10.h"
#include "daemon/ledger/sqlite/ledger_schema_v11.h"
#include "daemon/ledger/sqlite/ledger_schema_v12.h"
#include "daemon/ledger/sqlite/ledger_schema_v2.h"
#include "daemon/ledger/sqlite/ledger_schema_v3.h"
#include "daemon/ledger/sqlite/ledger_schema_v4.h"
#include "daemon/ledger/sqlite/ledger_schema_v5.h"
#include "daemon/ledger/sqlite/ledger_schema_v6.h"
#include "daemon/ledger/sqlite/ledger_schema_v7.h"
#include "daemon/ledger/sqlite/ledger_schema_v8.h"
#include "daemon/ledger/sqlite/ledger_schema_v9.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// One a version, in order. Released ones are never edited.
constexpr std::array<const char*, 12> kMigrations = {
    kLedgerSchemaV1, kLedgerSchemaV2,  kLedgerSchemaV3,  kLedgerSchemaV4,
    kLedgerSchemaV5, kLedgerSchemaV6,  kLedgerSchemaV7,  kLedgerSchemaV8,
    kLedgerSchemaV9, kLedgerSchemaV10, kLedgerSchemaV11, kLedgerSchemaV12};

// From this version on there are checksums of rows. A later migration changes rows without them, so
// that they are worked out anew.
constexpr int64_t kFirstWithChecksums = 8;

template <class Format>
std::string ForAmounts(Format&& format) {
  std::string out;
  for (const std::string_view amount : kAmountNames) {
    out += (out.empty() ? "" : ", ") + format(amount);
  }
  return out;
}

std::string Definitions() {
  return ForAmounts([](std::string_view a) {
    return fmt::format(
        "{0}_s INTEGER NOT NULL CHECK ({0}_s >= 0), "
        "{0}_ns INTEGER NOT NULL CHECK ({0}_ns BETWEEN 0 AND 999999999)",
        a);
  });
}

// Of amounts that may be below 0.
std::string SignedDefinitions() {
  return ForAmounts([](std::string_view a) {
    return fmt::format(
        "{0}_s INTEGER NOT NULL, "
        "{0}_ns INTEGER NOT NULL CHECK ({0}_ns BETWEEN 0 AND 999999999)",
        a);
  });
}

// For a view that joins usage with totals, which have the same columns.
std::string ColumnsOfUsage() {
  return ForAmounts(
      [](std::string_view a) { return fmt::format("u.{0}_s AS {0}_s, u.{0}_ns AS {0}_ns", a); });
}

std::string NoAmountBelowZero() {
  std::string all;
  for (const std::string_view a : kAmountNames) {
    all += fmt::format("{}{}_s >= 0", all.empty() ? "" : " AND ", a);
  }
  return "(" + all + ")";
}

std::string Replaced(std::string text, std::string_view what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
    text.replace(at, what.size(), by);
  }
  return text;
}

absl::Status NotALedger(std::string_view path) {
  return absl::FailedPreconditionError(
      fmt::format("{} is an SQLite database but not a ledger of Fleetmeter; expected a ledger, or "
                  "no file at all",
                  Quoted(path)));
}

// The file's version. FailedPrecondition where it is not one that this program can read.
absl::StatusOr<int64_t> VersionOf(Database& database, std::string_view path) {
  const auto id = database.Integer("PRAGMA application_id");
  if (!id.ok()) return id.status();
  const auto version = database.Integer("PRAGMA user_version");
  if (!version.ok()) return version.status();
  if (*id != kLedgerApplicationId) {
    // A file that was just made: the process may have ended before its tables were there.
    const auto tables = database.Integer("SELECT count(*) FROM sqlite_schema");
    if (!tables.ok()) return tables.status();
    if (*id != 0 || *version != 0 || *tables != 0) return NotALedger(path);
  }
  if (*version < 0 || *version > LatestSchemaVersion()) {
    return absl::FailedPreconditionError(fmt::format(
        "{} has tables of version {}; this program knows versions up to {}: it was written by a "
        "newer one, which is needed to read it",
        Quoted(path), *version, LatestSchemaVersion()));
  }
  return *version;
}

}  // namespace

int LatestSchemaVersion() { return static_cast<int>(kMigrations.size()); }

absl::Status CheckOwnership(Database& database, std::string_view path) {
  return VersionOf(database, path).status();
}

absl::Status MigrateSchema(Database& database, std::string_view path) {
  auto version = VersionOf(database, path);
  if (!version.ok()) return version.status();
  for (; *version < LatestSchemaVersion(); ++*version) {
    std::string tables = kMigrations[static_cast<size_t>(*version)];
    tables = Replaced(std::move(tables), "{amounts}", Definitions());
    tables = Replaced(std::move(tables), "{signed_amounts}", SignedDefinitions());
    tables = Replaced(std::move(tables), "{none_below_zero}", NoAmountBelowZero());
    tables = Replaced(std::move(tables), "{columns}", ColumnsOfUsage());
    if (*version >= kFirstWithChecksums) tables += "DELETE FROM row_checksums;";
    const std::string step = fmt::format(
        "BEGIN IMMEDIATE;{} PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT", tables,
        kLedgerApplicationId, *version + 1);
    if (absl::Status status = database.Execute(step); !status.ok()) {
      if (database.InTransaction()) database.Execute("ROLLBACK").IgnoreError();
      return absl::Status(
          status.code(),
          fmt::format("bringing {} from version {} to {} of the tables: {}", Quoted(path), *version,
                      *version + 1, std::string(status.message())));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSchema(Database& database, std::string_view path) {
  const auto version = VersionOf(database, path);
  if (!version.ok()) return version.status();
  if (*version == LatestSchemaVersion()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} has tables of version {}; expected {}: a fleetmeterd that opens it brings it "
                  "there",
                  Quoted(path), *version, LatestSchemaVersion()));
}

const std::string& AmountColumnNames() {
  static const std::string kNames =
      ForAmounts([](std::string_view a) { return fmt::format("{0}_s, {0}_ns", a); });
  return kNames;
}

const std::string& AmountColumnSums() {
  static const std::string kSums =
      ForAmounts([](std::string_view a) { return fmt::format("sum({0}_s), sum({0}_ns)", a); });
  return kSums;
}

std::string AmountColumnSums(std::string_view table) {
  return ForAmounts(
      [&](std::string_view a) { return fmt::format("sum({0}.{1}_s), sum({0}.{1}_ns)", table, a); });
}

std::string AmountParameters(int first) {
  std::string out = fmt::format("?{}", first);
  for (size_t i = 1; i < 2 * kAmountNames.size(); ++i) out += fmt::format(", ?{}", ++first);
  return out;
}

std::string ZeroAmounts() {
  std::string out = "0";
  for (size_t i = 1; i < 2 * kAmountNames.size(); ++i) out += ", 0";
  return out;
}

std::string AddAmounts(int first) {
  return ForAmounts([&](std::string_view a) {
    const int seconds = first++;
    const int nanos = first++;
    return fmt::format(
        "{0}_s = {0}_s + ?{1} + ({0}_ns + ?{2}) / 1000000000, "
        "{0}_ns = ({0}_ns + ?{2}) % 1000000000",
        a, seconds, nanos);
  });
}

}  // namespace fleetmeter
