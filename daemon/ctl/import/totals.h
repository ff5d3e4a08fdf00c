// What the reports of a plan add up to: for people to compare with what they have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/numeric/int128.h"
#include "daemon/ctl/import/import_batch.h"

namespace fleetmeter::imports {

struct Totals {
  int64_t rows = 0;     // of the file, that the reports say
  int64_t windows = 0;  // different ones
  // Half-open, of all windows (benchmarks: of their days); nothing if there is no report.
  std::optional<int64_t> from_unix_nanos;
  std::optional<int64_t> to_unix_nanos;

  // 128 bits: amounts are at most 10^15 each, but there may be many.
  absl::int128 requests = 0;
  absl::int128 input_tokens = 0;
  absl::int128 cached_input_tokens = 0;
  absl::int128 output_tokens = 0;
  // Of those rows that bring one; nothing: none does.
  std::optional<absl::int128> revenue_micro_usd;
  absl::int128 requests_with_revenue = 0;
  absl::int128 h100e_seconds = 0;
  int64_t results = 0;
  absl::int128 chip_nanos = 0;
  std::optional<absl::int128> busy_chip_nanos;  // of what is measured; nothing: nothing is
};

Totals TotalsOf(const ImportBatch& plan);

// "1.25" of 1,250,000 and 6: value / 10^decimals, exact, without trailing zeros.
std::string Decimal(absl::int128 value, int decimals);

}  // namespace fleetmeter::imports
