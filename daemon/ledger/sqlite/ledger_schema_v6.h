// Version 6 of the ledger's tables: what people decided about the books.
#pragma once

namespace fleetmeter {

// From this version on, inference_days has price_book_version -1 where nobody knew the revenue, so
// that these amounts are never mixed with those whose report brought a revenue (0).
inline constexpr char kLedgerSchemaV6[] = R"sql(
-- Who decided what, when and why. Rows are only ever added. micro_chips: that left the numbers.
-- whole_source: of a forgotten source, 1; 0: only chips that it no longer lists. Days are seconds
-- since 1970, half-open. old_price_book_version: the newest that had priced any of the days'
-- revenue; 0: none had. revenue_micro_usd: the difference that was booked.
CREATE TABLE admin_entries (
  number INTEGER PRIMARY KEY CHECK (number > 0),
  entered_unix_nanos INTEGER NOT NULL,
  action TEXT NOT NULL CHECK (action IN ('forget', 'rename', 'reprice')),
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
  revenue_micro_usd INTEGER NOT NULL
) STRICT;

-- Other names of sources. What is reported under a name counts as reported by the source.
CREATE TABLE source_aliases (
  name TEXT PRIMARY KEY,
  source TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- 1: a person said that the source is gone, and nothing was accepted of it since.
ALTER TABLE sources ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0 CHECK (forgotten IN (0, 1));

-- The entry whose reprice a correction is part of; 0: it was reported.
ALTER TABLE outcome_corrections ADD COLUMN entry_number INTEGER NOT NULL DEFAULT 0;
)sql";

}  // namespace fleetmeter
