// Chip kinds and what they are worth in H100-equivalents. Plain values, immutable once loaded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/fleet/ratio.h"

namespace fleetmeter {

// N chips = 1 H100e, from a date on.
struct Conversion {
  int64_t effective_from_unix_nanos = 0;
  Ratio chips_per_h100e;
  // Other ratios for some workload types, e.g. "decode".
  std::map<std::string, Ratio, std::less<>> by_workload_type;
  // Where the ratio comes from, for people: "framework, supply table", "989.4 / BF16 peak".
  std::string basis;

  // The ratio for a workload of that type: its own, or else the chip's.
  const Ratio& For(std::string_view workload_type) const;
};

struct ChipKind {
  std::string name;      // "trainium2"
  std::string provider;  // "aws"
  std::string title;     // "AWS Trainium 2"
  // Ascending by date, never empty; the first also holds for all time before its date.
  std::vector<Conversion> conversions;
  std::optional<int64_t> micro_usd_per_chip_hour;
  // Dense FLOP/s of one chip by precision: "bf16", "fp8".
  std::map<std::string, double, std::less<>> peak_flops;

  // The conversion in force at a time.
  const Conversion& ConversionAt(int64_t unix_nanos) const;
};

class Catalog {
 public:
  Catalog() = default;
  // `kinds` have unique names (the loader checks).
  Catalog(uint32_t version, std::vector<ChipKind> kinds);

  uint32_t version() const { return version_; }
  const std::vector<ChipKind>& kinds() const { return kinds_; }
  // nullptr if there is none of that name.
  const ChipKind* Find(std::string_view name) const;

 private:
  uint32_t version_ = 0;
  std::vector<ChipKind> kinds_;
  std::map<std::string, size_t, std::less<>> index_;
};

// chips / chips_per_h100e.
double H100e(double chips, const Ratio& chips_per_h100e);

}  // namespace fleetmeter
