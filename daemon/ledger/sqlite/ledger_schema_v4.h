// Version 4 of the ledger's tables: which part of the totals is history.
#pragma once

namespace fleetmeter {

// What was brought as history is part of every sum, and of no counter of /metrics: a counter says
// what was counted while it was scraped. What was brought before the ledger had these tables is not
// told apart: it was counted then, and stays so.
inline constexpr char kLedgerSchemaV4[] = R"sql(
-- The part of totals that was brought as history.
CREATE TABLE history_totals (
  cell_id INTEGER PRIMARY KEY REFERENCES totals,
  {amounts}
) STRICT;

-- The part of model_usage_totals that was brought as history.
CREATE TABLE model_usage_history (
  cell_id INTEGER PRIMARY KEY REFERENCES model_usage_totals,
  {amounts}
) STRICT;
)sql";

}  // namespace fleetmeter
