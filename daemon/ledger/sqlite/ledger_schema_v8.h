// Version 8 of the ledger's tables: streams that are not kept any more.
#pragma once

namespace fleetmeter {

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
)sql";

}  // namespace fleetmeter
