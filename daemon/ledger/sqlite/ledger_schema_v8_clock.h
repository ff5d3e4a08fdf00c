// The part of version 8 of the ledger's tables about time: what time it is at least, when periods
// were closed, and what was counted of sources that are forgotten.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV8Clock[] = R"sql(
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
)sql";

}  // namespace fleetmeter
