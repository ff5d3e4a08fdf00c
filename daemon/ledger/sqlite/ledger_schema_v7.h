// Version 7 of the ledger's tables: what history said by source and window, so that a file that was
// restated can be compared with the books, and the signed differences that corrections of it book.
#pragma once

namespace fleetmeter {

// {signed_amounts} are amounts that may be below 0: their seconds are rounded down, so that their
// nanoseconds never are.
inline constexpr char kLedgerSchemaV7[] = R"sql(
-- Usage of an hour, day or quarter may be below 0 where it corrects another one. Rows of usage in
-- its own time, and the sums of all rows by the time of use, never are.
PRAGMA legacy_alter_table = ON;
CREATE TABLE usage_hours_v7 (
  hour_start INTEGER NOT NULL CHECK (hour_start % 3600 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_hour INTEGER NOT NULL CHECK (corrects_hour % 3600 = 0),
  {signed_amounts},
  PRIMARY KEY (hour_start, cell_id, workload_id, plan_id, corrects_hour),
  CHECK (corrects_hour <> 0 OR {none_below_zero})
) STRICT, WITHOUT ROWID;
INSERT INTO usage_hours_v7 SELECT * FROM usage_hours;
DROP TABLE usage_hours;
ALTER TABLE usage_hours_v7 RENAME TO usage_hours;
CREATE TABLE usage_days_v7 (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_day INTEGER NOT NULL CHECK (corrects_day % 86400 = 0),
  {signed_amounts},
  PRIMARY KEY (day_start, cell_id, workload_id, plan_id, corrects_day),
  CHECK (corrects_day <> 0 OR {none_below_zero})
) STRICT, WITHOUT ROWID;
INSERT INTO usage_days_v7 SELECT * FROM usage_days;
DROP TABLE usage_days;
ALTER TABLE usage_days_v7 RENAME TO usage_days;
CREATE TABLE usage_quarters_v7 (
  quarter_start INTEGER NOT NULL CHECK (quarter_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  workload_id INTEGER NOT NULL,
  plan_id INTEGER NOT NULL REFERENCES plans,
  corrects_quarter INTEGER NOT NULL CHECK (corrects_quarter % 86400 = 0),
  {signed_amounts},
  PRIMARY KEY (quarter_start, cell_id, workload_id, plan_id, corrects_quarter),
  CHECK (corrects_quarter <> 0 OR {none_below_zero})
) STRICT, WITHOUT ROWID;
INSERT INTO usage_quarters_v7 SELECT * FROM usage_quarters;
DROP TABLE usage_quarters;
ALTER TABLE usage_quarters_v7 RENAME TO usage_quarters;

-- All rows of a day and cell together are never below 0.
CREATE TABLE model_usage_days_v7 (
  day_start INTEGER NOT NULL CHECK (day_start % 86400 = 0),
  cell_id INTEGER NOT NULL REFERENCES model_usage_totals,
  booked_day_start INTEGER NOT NULL CHECK (booked_day_start % 86400 = 0),
  {signed_amounts},
  PRIMARY KEY (day_start, cell_id, booked_day_start)
) STRICT, WITHOUT ROWID;
INSERT INTO model_usage_days_v7 SELECT * FROM model_usage_days;
DROP TABLE model_usage_days;
ALTER TABLE model_usage_days_v7 RENAME TO model_usage_days;

-- correct_usage: from_day and to_day span the usage that it corrects; windows are those that it
-- restated, chips and busy the net difference.
CREATE TABLE admin_entries_v7 (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  entered_unix_nanos INTEGER NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('forget', 'rename', 'reprice', 'correct_usage')),
  identity TEXT NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,
  new_source TEXT NOT NULL,
  micro_chips INTEGER NOT NULL,
  whole_source INTEGER NOT NULL CHECK (whole_source IN (0, 1)),
  from_day INTEGER NOT NULL,
  to_day INTEGER NOT NULL,
  old_price_book_version INTEGER NOT NULL,
  price_book_version INTEGER NOT NULL,
  priced_requests INTEGER NOT NULL,
  revenue_micro_usd INTEGER NOT NULL,
  windows INTEGER NOT NULL DEFAULT 0 CHECK (windows >= 0),
  chips_s INTEGER NOT NULL DEFAULT 0,
  chips_ns INTEGER NOT NULL DEFAULT 0 CHECK (chips_ns BETWEEN 0 AND 999999999),
  busy_s INTEGER NOT NULL DEFAULT 0,
  busy_ns INTEGER NOT NULL DEFAULT 0 CHECK (busy_ns BETWEEN 0 AND 999999999)
) STRICT;
INSERT INTO admin_entries_v7 SELECT *, 0, 0, 0, 0, 0 FROM admin_entries;
DROP TABLE admin_entries;
ALTER TABLE admin_entries_v7 RENAME TO admin_entries;
PRAGMA legacy_alter_table = OFF;

-- What each correction of usage booked, by the hour of the use. Rows are only ever added.
CREATE TABLE usage_corrections (
  entry_number INTEGER NOT NULL REFERENCES admin_entries DEFERRABLE INITIALLY DEFERRED,
  hour_start INTEGER NOT NULL CHECK (hour_start % 3600 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  {signed_amounts},
  PRIMARY KEY (entry_number, hour_start, cell_id)
) STRICT, WITHOUT ROWID;

-- The windows that were brought as history, and what each says now. Windows from before this
-- version of the tables are not listed: what they said is not known by source.
CREATE TABLE history_windows (
  window_row INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  window_start_unix_nanos INTEGER NOT NULL,
  window_length_nanos INTEGER NOT NULL CHECK (window_length_nanos > 0),
  plan_id INTEGER NOT NULL REFERENCES plans
) STRICT;
CREATE INDEX history_windows_by_time ON history_windows (source, window_start_unix_nanos);

-- What a part of a window was used for, and its price when it was booked (-1: there was none).
CREATE TABLE history_uses (
  use_id INTEGER PRIMARY KEY,
  workload TEXT NOT NULL,
  workload_type TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  category TEXT NOT NULL,
  micro_usd_per_chip_hour INTEGER NOT NULL,
  UNIQUE (workload, workload_type, model, run, category, micro_usd_per_chip_hour)
) STRICT;

-- busy, productive: nothing where nobody measured it.
CREATE TABLE history_groups (
  window_row INTEGER NOT NULL REFERENCES history_windows,
  position INTEGER NOT NULL,
  cell_id INTEGER NOT NULL REFERENCES totals,
  use_id INTEGER NOT NULL REFERENCES history_uses,
  chip_nanos INTEGER NOT NULL CHECK (chip_nanos >= 0),
  busy_chip_nanos INTEGER CHECK (busy_chip_nanos BETWEEN 0 AND chip_nanos),
  productive_chip_nanos INTEGER CHECK (productive_chip_nanos BETWEEN 0 AND chip_nanos),
  PRIMARY KEY (window_row, position)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace fleetmeter
