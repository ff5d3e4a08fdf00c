// Version 3 of the ledger's tables: usage is found by the time in which it was used.
#pragma once

namespace fleetmeter {

// A row's usage counts in the hour that it corrects, and, where it corrects none, in the hour in
// which it was booked; days and quarters likewise. The rows of that hour are found by their key,
// and by these indexes.
inline constexpr char kLedgerSchemaV3[] = R"sql(
CREATE INDEX usage_hours_corrected ON usage_hours (corrects_hour) WHERE corrects_hour > 0;
CREATE INDEX usage_days_corrected ON usage_days (corrects_day) WHERE corrects_day > 0;
)sql";

}  // namespace fleetmeter
