#include "daemon/ledger/ledger_schema.h"

#include <array>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr std::array<std::string_view, 5> kAmounts = {"chips", "busy", "productive", "measured",
                                                      "productive_measured"};

// Names end in what they count: _s whole chip-seconds and _ns the chip-nanoseconds beyond them;
// _unix_nanos a time; *_start and corrects_* a time in seconds since 1970. STRICT, so that a sum
// that leaves 64 bits is an error and not a rounded number.
constexpr char kVersion1[] = R"sql(
CREATE TABLE ledger_info (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  ledger_id BLOB NOT NULL CHECK (length(ledger_id) = 16),
  created_unix_nanos INTEGER NOT NULL
) STRICT;

-- How far each sender's sequence was settled. digests: of the latest 8 reports, little-endian
-- 64-bit numbers, the one of sequence n in slot n % 8.
CREATE TABLE streams (
  stream_row INTEGER PRIMARY KEY,
  identity TEXT NOT NULL,
  stream_id BLOB NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 0),
  epoch INTEGER NOT NULL CHECK (epoch >= 0),
  digests BLOB NOT NULL CHECK (length(digests) = 64),
  UNIQUE (identity, stream_id)
) STRICT;

-- Which time of each source was counted: all from counted_from to counted_to but the gaps, a JSON
-- list of [from, to] in Unix nanoseconds.
CREATE TABLE sources (
  source_row INTEGER PRIMARY KEY,
  source TEXT NOT NULL UNIQUE,
  counted_from_unix_nanos INTEGER NOT NULL,
  counted_to_unix_nanos INTEGER NOT NULL,
  gaps TEXT NOT NULL
) STRICT;

-- How many chips make one H100e, and by which version of the catalog: numerator/denominator.
CREATE TABLE conversions (
  conversion_id INTEGER PRIMARY KEY,
  chip TEXT NOT NULL,
  numerator INTEGER NOT NULL CHECK (numerator > 0),
  denominator INTEGER NOT NULL CHECK (denominator > 0),
  catalog_version INTEGER NOT NULL,
  UNIQUE (chip, numerator, denominator, catalog_version)
) STRICT;

CREATE TABLE plans (
  plan_id INTEGER PRIMARY KEY,
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL,
  UNIQUE (plan, plan_version)
) STRICT;

-- last_hour_start: the latest hour that names it; what no hour, day or quarter names any more goes.
CREATE TABLE workloads (
  workload_id INTEGER PRIMARY KEY,
  pool TEXT NOT NULL,
  workload TEXT NOT NULL,
  workload_type TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  last_hour_start INTEGER NOT NULL,
  UNIQUE (pool, workload, workload_type, model, run)
) STRICT;

-- Everything that was ever counted, at the grain of the counters.
CREATE TABLE totals (
  cell_id INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('assigned', 'unassigned', 'unhealthy', 'reserved')),
  pool TEXT NOT NULL,
  team TEXT NOT NULL,
  signal TEXT NOT NULL,
  conversion_id INTEGER NOT NULL REFERENCES conversions,
  {amounts},
  UNIQUE (state, pool, team, signal, conversion_id)
) STRICT;

-- corrects_hour: 0, or the closed hour that this usage belongs to; hour_start is then the hour in
-- which it was booked.
CREATE TABLE usage_hours (
  hour_start INTEGER NOT NULL CHECK (hour_start % 3600 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_hour INTEGER NOT NULL CHECK (corrects_hour % 3600 = 0),
  {amounts},
  PRIMARY KEY (hour_start, cell_id, workload_id, plan_id, corrects_hour)
) STRICT, WITHOUT ROWID;

-- UTC days, from their hours; valid before rollup.days_through.
CREATE TABLE usage_days (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_day INTEGER NOT NULL CHECK (corrects_day % 86400 = 0),
  {amounts},
  PRIMARY KEY (day_start, cell_id, workload_id, plan_id, corrects_day)
) STRICT, WITHOUT ROWID;

-- Calendar quarters, from their days, kept for ever; valid before rollup.quarters_through. Their
-- workloads keep type and model, and have no name and no run.
CREATE TABLE usage_quarters (
  quarter_start INTEGER NOT NULL CHECK (quarter_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_quarter INTEGER NOT NULL CHECK (corrects_quarter % 86400 = 0),
  {amounts},
  PRIMARY KEY (quarter_start, cell_id, workload_id, plan_id, corrects_quarter)
) STRICT, WITHOUT ROWID;

-- How far rolling up has come; times in seconds since 1970. Hours before closed_through are closed:
-- nothing is added to them any more. Days before days_through hold all of their hours; quarters
-- before quarters_through all of their days. Hours before hours_from and days before days_from
-- are no longer kept. The cursors say which row was taken last, while a day or quarter is under way.
CREATE TABLE rollup (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  closed_through INTEGER NOT NULL,
  days_through INTEGER NOT NULL,
  quarters_through INTEGER NOT NULL,
  hours_from INTEGER NOT NULL,
  days_from INTEGER NOT NULL,
  hour_cursor TEXT NOT NULL,
  day_cursor TEXT NOT NULL
) STRICT;
INSERT INTO rollup VALUES (1, 0, 0, 0, 0, 0, '', '');

-- What each source held when last heard.
CREATE TABLE holdings (
  source_row INTEGER NOT NULL REFERENCES sources,
  cell_id INTEGER NOT NULL REFERENCES totals,
  micro_chips INTEGER NOT NULL,
  PRIMARY KEY (source_row, cell_id)
) STRICT, WITHOUT ROWID;

-- Chips by activity, one observation a chip a window: at_most_NN counts those of at most NN%.
CREATE TABLE activity (
  pool TEXT PRIMARY KEY,
  at_most_5 INTEGER NOT NULL,
  at_most_10 INTEGER NOT NULL,
  at_most_25 INTEGER NOT NULL,
  at_most_50 INTEGER NOT NULL,
  at_most_75 INTEGER NOT NULL,
  at_most_90 INTEGER NOT NULL,
  at_most_100 INTEGER NOT NULL,
  observations INTEGER NOT NULL,
  sum_micro INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How long each set of grants has been in force, in the order of terms; the last is in force.
CREATE TABLE allocation_terms (
  term INTEGER PRIMARY KEY,
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL,
  nanos INTEGER NOT NULL CHECK (nanos >= 0),
  as_of_unix_nanos INTEGER NOT NULL
) STRICT;
CREATE TABLE allocation_grants (
  term INTEGER NOT NULL REFERENCES allocation_terms,
  position INTEGER NOT NULL,
  pool TEXT NOT NULL,
  h100e REAL NOT NULL,
  PRIMARY KEY (term, position)
) STRICT, WITHOUT ROWID;

-- Reports by what became of them: result is accepted, duplicate, conflicting, or rejected with a
-- reason. accepted + rejected = the sum of streams.sequence.
CREATE TABLE counters (
  result TEXT NOT NULL,
  reason TEXT NOT NULL,
  reports INTEGER NOT NULL CHECK (reports >= 0),
  PRIMARY KEY (result, reason)
) STRICT, WITHOUT ROWID;

-- The latest rejected reports, for finding out why; how many there were is in counters.
CREATE TABLE rejected_reports (
  rejected_row INTEGER PRIMARY KEY AUTOINCREMENT,
  identity TEXT NOT NULL,
  stream_id BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  field TEXT NOT NULL,
  detail TEXT NOT NULL,
  at_unix_nanos INTEGER NOT NULL
) STRICT;

-- What every catalog and plan said that was in force, by content: one that was edited without a new
-- version is recorded apart. recorded_unix_nanos: since when it was in force here.
CREATE TABLE catalog_versions (
  catalog_record INTEGER PRIMARY KEY,
  catalog_version INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  recorded_unix_nanos INTEGER NOT NULL,
  UNIQUE (catalog_version, digest)
) STRICT;
-- workload_type '': every type that has no ratio of its own.
CREATE TABLE catalog_ratios (
  catalog_record INTEGER NOT NULL REFERENCES catalog_versions,
  chip TEXT NOT NULL,
  effective_from_unix_nanos INTEGER NOT NULL,
  workload_type TEXT NOT NULL,
  provider TEXT NOT NULL,
  numerator INTEGER NOT NULL CHECK (numerator > 0),
  denominator INTEGER NOT NULL CHECK (denominator > 0),
  micro_usd_per_chip_hour INTEGER,
  basis TEXT NOT NULL,
  PRIMARY KEY (catalog_record, chip, effective_from_unix_nanos, workload_type)
) STRICT, WITHOUT ROWID;
CREATE TABLE plan_versions (
  plan_record INTEGER PRIMARY KEY,
  plan TEXT NOT NULL,
  plan_version INTEGER NOT NULL,
  digest INTEGER NOT NULL,
  scenario TEXT NOT NULL,
  effective_from_unix_nanos INTEGER NOT NULL,
  supply_h100e REAL NOT NULL,
  recorded_unix_nanos INTEGER NOT NULL,
  UNIQUE (plan, plan_version, digest)
) STRICT;
CREATE TABLE plan_pools (
  plan_record INTEGER NOT NULL REFERENCES plan_versions,
  pool TEXT NOT NULL,
  category TEXT NOT NULL,
  tier TEXT NOT NULL,
  owner TEXT NOT NULL,
  teams TEXT NOT NULL,
  allocated_h100e REAL NOT NULL,
  lendable_ratio REAL NOT NULL,
  borrowing_limit_h100e REAL,
  PRIMARY KEY (plan_record, pool)
) STRICT, WITHOUT ROWID;
CREATE TABLE plan_supply (
  plan_record INTEGER NOT NULL REFERENCES plan_versions,
  chip TEXT NOT NULL,
  chips INTEGER NOT NULL,
  PRIMARY KEY (plan_record, chip)
) STRICT, WITHOUT ROWID;

-- Usage with its names.
CREATE VIEW hours AS
  SELECT hour_start, corrects_hour, state, t.pool AS pool, team, signal, chip, numerator, denominator,
    catalog_version, plan, plan_version, workload, workload_type, model, run, {columns}
  FROM usage_hours u JOIN totals t USING (cell_id) JOIN conversions USING (conversion_id)
    JOIN plans USING (plan_id) JOIN workloads USING (workload_id);
CREATE VIEW days AS
  SELECT day_start, corrects_day, state, t.pool AS pool, team, signal, chip, numerator, denominator,
    catalog_version, plan, plan_version, workload, workload_type, model, run, {columns}
  FROM usage_days u JOIN totals t USING (cell_id) JOIN conversions USING (conversion_id)
    JOIN plans USING (plan_id) JOIN workloads USING (workload_id);
CREATE VIEW quarters AS
  SELECT quarter_start, corrects_quarter, state, t.pool AS pool, team, signal, chip, numerator,
    denominator, catalog_version, plan, plan_version, workload, workload_type, model, run,
    {columns}
  FROM usage_quarters u JOIN totals t USING (cell_id) JOIN conversions USING (conversion_id)
    JOIN plans USING (plan_id) JOIN workloads USING (workload_id);
)sql";

// One a version, in order. Released ones are never edited.
constexpr std::array kMigrations = {kVersion1};

template <class Format>
std::string ForAmounts(Format&& format) {
  std::string out;
  for (const std::string_view amount : kAmounts) {
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

// For a view that joins usage with totals, which have the same columns.
std::string ColumnsOfUsage() {
  return ForAmounts(
      [](std::string_view a) { return fmt::format("u.{0}_s AS {0}_s, u.{0}_ns AS {0}_ns", a); });
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
    const std::string tables =
        Replaced(Replaced(kMigrations[static_cast<size_t>(*version)], "{amounts}", Definitions()),
                 "{columns}", ColumnsOfUsage());
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

std::string AmountParameters(int first) {
  std::string out = fmt::format("?{}", first);
  for (size_t i = 1; i < 2 * kAmounts.size(); ++i) out += fmt::format(", ?{}", ++first);
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
