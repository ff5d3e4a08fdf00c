// Version 8 of the ledger's tables: whose each source is, streams that are not kept any more, what
// time it is at least, and checksums of the rows of all tables.
#pragma once

namespace fleetmeter {

// A program of an earlier version would not keep the checksums, and refuses the file by its
// version.
// usage_corrections refers to admin_entries, which is made anew: its rows are kept aside meanwhile.
inline constexpr char kLedgerSchemaV8[] = R"sql(
-- The identity that a source belongs to: its own reports are counted, and nobody else's. Empty: the
-- source belongs to nobody yet, and the next identity that reports for it has it.
ALTER TABLE sources ADD COLUMN owner TEXT NOT NULL DEFAULT '';

-- move: new_owner is the identity that the source belongs to from then on.
PRAGMA legacy_alter_table = ON;
CREATE TABLE kept_usage_corrections AS SELECT * FROM usage_corrections;
DROP TABLE usage_corrections;
CREATE TABLE admin_entries_v8 (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  entered_unix_nanos INTEGER NOT NULL,
  action TEXT NOT NULL
    CHECK (action IN ('forget', 'rename', 'reprice', 'correct_usage', 'move')),
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
  busy_ns INTEGER NOT NULL DEFAULT 0 CHECK (busy_ns BETWEEN 0 AND 999999999),
  new_owner TEXT NOT NULL DEFAULT '' CHECK ((new_owner <> '') = (action = 'move'))
) STRICT;
INSERT INTO admin_entries_v8 SELECT *, '' FROM admin_entries;
DROP TABLE admin_entries;
ALTER TABLE admin_entries_v8 RENAME TO admin_entries;
CREATE TABLE usage_corrections (
  entry_number INTEGER NOT NULL REFERENCES admin_entries DEFERRABLE INITIALLY DEFERRED,
  hour_start INTEGER NOT NULL CHECK (hour_start % 3600 = 0),
  cell_id INTEGER NOT NULL REFERENCES totals,
  {signed_amounts},
  PRIMARY KEY (entry_number, hour_start, cell_id)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_corrections SELECT * FROM kept_usage_corrections;
DROP TABLE kept_usage_corrections;
PRAGMA legacy_alter_table = OFF;

-- What streams had settled that are not in the table streams any more, all together: accepted +
-- rejected = the sum of streams.sequence + retired_totals.sequences.
CREATE TABLE retired_totals (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  sequences INTEGER NOT NULL CHECK (sequences >= 0)
) STRICT;
INSERT INTO retired_totals VALUES (1, 0);

-- The latest of these streams, each by its mark (RetiredMark in books.h), so that who goes on with
-- one is told that it was retired.
CREATE TABLE retired_streams (
  retired_row INTEGER PRIMARY KEY,
  mark INTEGER NOT NULL
) STRICT;

-- confirmed_unix_nanos: it was this time at least, as the daemon last knew (ConfirmedTime).
-- committed_unix_nanos: what it took for the present then. Written some seconds late. No row: no
-- daemon of this version has committed yet.
CREATE TABLE confirmed_time (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  confirmed_unix_nanos INTEGER NOT NULL,
  committed_unix_nanos INTEGER NOT NULL
) STRICT;

-- When each day and quarter was closed, and what confirmed_time said then (0: nothing). A period of
-- before this version of the tables is not listed.
CREATE TABLE closed_periods (
  period TEXT NOT NULL CHECK (period IN ('day', 'quarter')),
  period_start INTEGER NOT NULL CHECK (period_start % 86400 = 0),
  closed_unix_nanos INTEGER NOT NULL,
  confirmed_unix_nanos INTEGER NOT NULL,
  committed_unix_nanos INTEGER NOT NULL,
  PRIMARY KEY (period, period_start)
) STRICT, WITHOUT ROWID;

-- What was counted of sources that left the table sources. Kept for 400 days after that, so that it
-- shows whether some of that time was counted again.
CREATE TABLE expired_sources (
  expired_row INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  counted_from_unix_nanos INTEGER NOT NULL,
  counted_to_unix_nanos INTEGER NOT NULL,
  gaps TEXT NOT NULL,
  expired_unix_nanos INTEGER NOT NULL
) STRICT;
CREATE INDEX expired_sources_by_name ON expired_sources (source);

-- Of the rows of each table: how many they are, and the sum of their hashes modulo 2^64, which is
-- written with every transaction that changes one of them (row_checksums.h). sqlite_schema: of the
-- definitions of tables, indexes and views. A table without a row here gets one at the next start.
CREATE TABLE row_checksums (
  table_name TEXT PRIMARY KEY,
  row_count INTEGER NOT NULL CHECK (row_count >= 0),
  checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows from before a column was added do not have it on the disk, and SQLite tells of their change
-- without its default: here they are written out.
UPDATE sources SET history = history, forgotten = forgotten, owner = owner;
UPDATE outcome_corrections SET entry_number = entry_number;
UPDATE segment_totals SET price_rest = price_rest;
)sql";

}  // namespace fleetmeter
