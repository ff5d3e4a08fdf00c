// Version 6 of the ledger's tables: the days that outcomes are kept by.
#pragma once

namespace fleetmeter {

inline constexpr char kLedgerSchemaV6[] = R"sql(
-- By the clocks of which time zone the days of inference_days, training_days and model_usage_days
-- begin and end. Each is named by midnight UTC of its date. No row: UTC.
CREATE TABLE outcome_day_zone (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  time_zone TEXT NOT NULL
) STRICT;
)sql";

}  // namespace fleetmeter
