// What the version of a price book and of a benchmark suite stands for: one content, for good.
// Booked revenue cites the version of the price book that gave it, so two sets of prices must not
// share one. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/outcomes/rules.h"

namespace fleetmeter::outcomes {

// A number for what figures depend on. Comments, formatting and the order of segments, tiers and
// benchmarks make no difference; neither does how files of history call a benchmark. Ledgers keep
// it: the same content gives the same number in every version of this program.
uint64_t ContentDigest(const PriceBook& prices);
uint64_t ContentDigest(const BenchmarkSuite& suite);

struct RulesContent {
  std::string kind;  // kPriceBook or kBenchmarkSuite
  std::string name;  // of the suite; a price book has none
  uint32_t version = 0;
  uint64_t digest = 0;

  friend bool operator==(const RulesContent&, const RulesContent&) = default;
};
inline constexpr char kPriceBook[] = "price book";
inline constexpr char kBenchmarkSuite[] = "benchmark suite";

// Of the price book and the suite, where the configuration names them.
std::vector<RulesContent> ContentsOf(const Rules& rules);

// What is known of those that were taken so far. Not thread-safe.
class KnownRules {
 public:
  // The first content of a version stays.
  void Learn(const RulesContent& content);
  void Learn(const Rules& rules);

  // Whether `rules` may be taken. FailedPrecondition says to raise the version.
  absl::Status Check(const Rules& rules) const;

 private:
  absl::Status CheckContent(const RulesContent& content) const;
  uint32_t FreeVersion(const RulesContent& content) const;

  std::map<std::tuple<std::string, std::string, uint32_t>, uint64_t> digests_;
};

}  // namespace fleetmeter::outcomes
