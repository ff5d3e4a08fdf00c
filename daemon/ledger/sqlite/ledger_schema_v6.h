// Version 6 of the ledger's tables: the days that outcomes are kept by, and exact prices.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV6[] = R"sql(
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
)sql";

}  // namespace fleetmeter
