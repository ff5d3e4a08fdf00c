// Version 6 of the ledger's tables: what people decided about the books, the days that outcomes are
// kept by, exact prices, which part of outcomes is history, and what versions of the catalog stand
// for.
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

-- By the clocks of which time zone the days of inference_days, training_days and model_usage_days
-- begin and end. Each is named by midnight UTC of its date. No row: UTC.
CREATE TABLE outcome_day_zone (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  time_zone TEXT NOT NULL
) STRICT;

-- What the revenue that price books gave a segment is more than what was booked of it, in millionths
-- of a millionth of a micro-dollar: of all rows together half a micro-dollar at most.
ALTER TABLE segment_totals ADD COLUMN price_rest INTEGER NOT NULL DEFAULT 0
  CHECK (price_rest BETWEEN -500000000000 AND 500000000000);

-- The part of segment_totals and of training_totals, as it was reported, that was brought as
-- history: it enters no counter of /metrics.
CREATE TABLE segment_history (
  segment_id INTEGER PRIMARY KEY REFERENCES segment_totals,
  requests INTEGER NOT NULL CHECK (requests >= 0),
  unpriced_requests INTEGER NOT NULL CHECK (unpriced_requests >= 0),
  input_tokens INTEGER NOT NULL CHECK (input_tokens >= 0),
  cached_input_tokens INTEGER NOT NULL CHECK (cached_input_tokens >= 0),
  output_tokens INTEGER NOT NULL CHECK (output_tokens >= 0),
  revenue_micro_usd INTEGER NOT NULL CHECK (revenue_micro_usd >= 0)
) STRICT;
CREATE TABLE training_history (
  training_id INTEGER PRIMARY KEY REFERENCES training_totals,
  h100e_seconds INTEGER NOT NULL CHECK (h100e_seconds >= 0)
) STRICT;

-- The one content of each version of a catalog, as ContentDigest (catalog_identity.h) tells it.
-- Catalogs from before this version of the tables are not listed until they are taken again.
CREATE TABLE catalog_contents (
  catalog_version INTEGER PRIMARY KEY,
  digest INTEGER NOT NULL,
  known_since_unix_nanos INTEGER NOT NULL
) STRICT;
)sql";

}  // namespace fleetmeter
