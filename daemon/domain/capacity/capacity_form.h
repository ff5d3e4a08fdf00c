// What a team fills in when it asks for capacity: the request form of the framework
// ("Communication"). Plain values, as they were typed; check_form.h says what is wrong with one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter::capacity {

// Priority goes to critical work, then to work for a goal of the company, then to growth bets.
enum class Nature : uint8_t { kCritical, kCompanyGoal, kGrowthBet };
inline constexpr std::array kNatures = {Nature::kCritical, Nature::kCompanyGoal,
                                        Nature::kGrowthBet};
// "critical", "company_goal", "growth_bet".
std::string_view Name(Nature nature);
std::optional<Nature> ParseNature(std::string_view text);

enum class Gain : uint8_t { kRevenue, kEfficiency };
std::string_view Name(Gain gain);  // "revenue", "efficiency"
std::optional<Gain> ParseGain(std::string_view text);

// What the capacity is expected to bring, in micro-dollars over its whole duration.
struct Roi {
  Gain gain = Gain::kRevenue;
  int64_t expected_micro_usd = 0;
  // The confidence interval, and the probability of lying in it: 9'000 is 90%.
  int64_t low_micro_usd = 0;
  int64_t high_micro_usd = 0;
  int64_t confidence_basis_points = 0;
  int64_t expected_by_unix_seconds = 0;  // the start of the UTC day by which it has come

  friend bool operator==(const Roi&, const Roi&) = default;
};

struct CapacityForm {
  std::string request_id;  // chosen by who asks; the same id is the same request
  std::string pool;
  std::string team;
  std::string chip;  // a kind of the catalog
  int64_t chips = 0;
  std::optional<int64_t> cores;  // of CPUs beside the chips, if who asks knows them
  // Full hours of UTC, since the books keep hours.
  int64_t start_unix_seconds = 0;
  int64_t hours = 0;
  std::string workload;
  std::string workload_type;  // such as "decode"; may be empty
  std::string model;          // that it serves or trains; may be empty
  std::string run;            // the training run; may be empty
  Nature nature = Nature::kGrowthBet;
  std::string goal;        // of kCompanyGoal: the goal's name
  std::optional<Roi> roi;  // needed for what is beyond the allocation
  // It asks for more than the pool is allocated, so that the capacity team decides and not the
  // pool's owner. Such a request says what is given up for it.
  bool beyond_allocation = false;
  std::string trade_off;
  std::string note;

  int64_t end_unix_seconds() const { return start_unix_seconds + hours * 3'600; }
  friend bool operator==(const CapacityForm&, const CapacityForm&) = default;
};

}  // namespace fleetmeter::capacity
