// Version 9 of the ledger's tables: whose each source of outcomes is.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV9[] = R"sql(
-- The identity that a source of outcomes belongs to, as in sources. A source that reports several
-- kinds has a row for each, and some may be empty: the source belongs to whom any of them names.
ALTER TABLE outcome_sources ADD COLUMN owner TEXT NOT NULL DEFAULT '';

-- Rows from before a column was added do not have it on the disk, and SQLite tells of their change
-- without its default: here they are written out.
UPDATE outcome_sources SET owner = owner;
)sql";

}  // namespace fleetmeter
