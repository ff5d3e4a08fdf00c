// What the name and version of a plan stand for: one content, for good, and within one name a
// version never goes down. Every number cites a plan by name and version, so two allocations must
// not share them. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter {

// A number for what a document says. Comments, formatting, and the order of supply, pools and teams
// make no difference; neither does the catalog. Ledgers keep it: the same document gives the same
// number in every version of this program.
uint64_t ContentDigest(const PlanDocument& document);

struct PlanContent {
  std::string plan;
  uint32_t version = 0;
  uint64_t digest = 0;
  int64_t known_since_unix_nanos = 0;

  friend bool operator==(const PlanContent&, const PlanContent&) = default;
};

// What is known of the plans that were taken so far. Not thread-safe.
class KnownPlans {
 public:
  // The first content of a name and version stays.
  void Learn(const PlanContent& content);
  void Learn(const std::vector<Plan>& plans, int64_t now_unix_nanos);
  // Writes into each plan since when it is known.
  void Stamp(std::vector<Plan>* plans) const;
  // That a version was in force.
  void LearnInForce(const std::string& plan, uint32_t version);

  // Whether `plans` may be taken, of which `in_force` would be in force now. FailedPrecondition
  // names both plans and says to raise the version.
  absl::Status Check(const std::vector<Plan>& plans, const Plan& in_force) const;

 private:
  struct Content {
    uint64_t digest = 0;
    int64_t known_since_unix_nanos = 0;
  };

  absl::Status CheckContent(const Plan& plan) const;
  // A version of the name that was never taken.
  uint32_t FreeVersion(const std::string& plan) const;

  std::map<std::pair<std::string, uint32_t>, Content> contents_;
  std::map<std::string, uint32_t> highest_in_force_;
};

}  // namespace fleetmeter
