// Version 8 of the ledger's tables: streams that are not kept any more, and checksums of the rows of
// all tables.
#pragma once

namespace fleetmeter {

// A program of an earlier version would not keep the checksums, and refuses the file by its
// version.
inline constexpr char kLedgerSchemaV8[] = R"sql(
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
UPDATE sources SET history = history, forgotten = forgotten;
UPDATE outcome_corrections SET entry_number = entry_number;
UPDATE segment_totals SET price_rest = price_rest;
)sql";

}  // namespace fleetmeter
