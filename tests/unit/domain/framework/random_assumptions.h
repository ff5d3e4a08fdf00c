// Assumptions by chance: valid ones, and scenarios that fit or not. A seed makes the same again.
#pragma once

#include <cstdint>
#include <random>

#include "daemon/domain/framework/assumptions.h"
#include "daemon/domain/framework/simulation.h"

namespace fleetmeter::framework {

// What the names of chips mean: kinds a, b and c of 1, 4 and 1/3 chips per H100e.
inline constexpr char kRandomCatalogYaml[] = R"(version: 1
chips:
  - {name: a, provider: x, title: A, conversions: [{chips_per_h100e: 1, basis: made up}]}
  - {name: b, provider: x, title: B, conversions: [{chips_per_h100e: 4, basis: made up}]}
  - {name: c, provider: y, title: C, conversions: [{chips_per_h100e: 1/3, basis: made up}]}
)";

class Chance {
 public:
  explicit Chance(uint64_t seed) : bits_(seed) {}

  double Between(double low, double high) {
    return low + (high - low) * static_cast<double>(bits_() >> 11) * 0x1p-53;
  }
  int Below(int limit) { return static_cast<int>(bits_() % static_cast<uint64_t>(limit)); }
  bool OneIn(int times) { return Below(times) == 0; }

  Assumptions MakeAssumptions();
  Changes MakeChanges(double supply_hours);

 private:
  std::vector<double> Parts(size_t count);  // add up to 1
  Demand MakeDemand(Category category, bool in_p2, bool rest_taken);
  Scenario MakeScenario(const std::string& name);

  std::mt19937_64 bits_;
};

}  // namespace fleetmeter::framework
