// Version 10 of the ledger's tables: requests for capacity and what was decided about them.
#pragma once

namespace fleetmeter {

// Names as in version 1. Money is in micro-USD.
inline constexpr char kLedgerSchemaV10[] = R"sql(
-- One row a decision, kept for ever; rows are only ever added. What an action has nothing to say
-- about is '', 0 or NULL. All but rank have a request and its revision: how many events there are
-- of it with this one. submit and amend have the form, whose pool, nature, start and hours they
-- are, and what the chips are worth by the catalog. grant has chips and a time of its own, and
-- what these are worth; release has the new end. Grants and refusals with the same decision were
-- decided together. rank has a pool, a nature, and rows of capacity_event_workloads.
-- confidence_basis_points: 9000 is 90%. gain is NULL, as all of the ROI, where none was given.
CREATE TABLE capacity_events (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  at_unix_nanos INTEGER NOT NULL,
  action TEXT NOT NULL
    CHECK (action IN ('submit', 'amend', 'withdraw', 'rank', 'grant', 'decline', 'release')),
  identity TEXT NOT NULL,
  reason TEXT NOT NULL,
  request_id TEXT NOT NULL CHECK ((request_id = '') = (action = 'rank')),
  revision INTEGER NOT NULL CHECK (revision >= 0),
  pool TEXT NOT NULL,
  team TEXT NOT NULL,
  chip TEXT NOT NULL,
  chips INTEGER NOT NULL CHECK (chips >= 0),
  cores INTEGER CHECK (cores >= 0),
  start_unix_seconds INTEGER NOT NULL,
  hours INTEGER NOT NULL CHECK (hours >= 0),
  workload TEXT NOT NULL,
  workload_type TEXT NOT NULL,
  model TEXT NOT NULL,
  run TEXT NOT NULL,
  nature TEXT NOT NULL CHECK (nature IN ('', 'critical', 'company_goal', 'growth_bet')),
  goal TEXT NOT NULL,
  gain TEXT CHECK (gain IN ('revenue', 'efficiency')),
  expected_micro_usd INTEGER,
  low_micro_usd INTEGER,
  high_micro_usd INTEGER,
  confidence_basis_points INTEGER,
  expected_by_unix_seconds INTEGER,
  beyond_allocation INTEGER NOT NULL CHECK (beyond_allocation IN (0, 1)),
  trade_off TEXT NOT NULL,
  note TEXT NOT NULL,
  micro_h100e INTEGER NOT NULL CHECK (micro_h100e >= 0),
  catalog_version INTEGER NOT NULL,
  granted_chips INTEGER NOT NULL CHECK (granted_chips >= 0),
  grant_start_unix_seconds INTEGER NOT NULL,
  grant_end_unix_seconds INTEGER NOT NULL,
  decision INTEGER NOT NULL CHECK (decision >= 0)
) STRICT;
CREATE UNIQUE INDEX capacity_revisions ON capacity_events (request_id, revision)
  WHERE request_id <> '';

-- In which order workloads are served, by the event that ranked them: 0, 1, 2, ...
CREATE TABLE capacity_event_workloads (
  number INTEGER NOT NULL REFERENCES capacity_events,
  position INTEGER NOT NULL CHECK (position >= 0),
  workload TEXT NOT NULL,
  PRIMARY KEY (number, position)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace fleetmeter
