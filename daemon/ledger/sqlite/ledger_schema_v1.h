// Version 1 of the ledger's tables: usage, and what reports and plans were. It was released, so it
// stays as it is.
//
// {amounts} and {columns} stand for the columns of UsageAmounts, see ledger_schema.cc.
#pragma once

namespace fleetmeter {

// Names end in what they count: _s whole chip-seconds and _ns the chip-nanoseconds beyond them;
// _unix_nanos a time; *_start and corrects_* a time in seconds since 1970. STRICT, so that a sum
// that leaves 64 bits is an error and not a rounded number.
inline constexpr char kLedgerSchemaV1[] = R"sql(
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

}  // namespace fleetmeter
