#include "daemon/domain/capacity/check_commitments.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/capacity_order.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

std::string PlanOf(const CommitmentWalk& walk) {
  return fmt::format("plan '{}' version {}", walk.plan().name, walk.plan().version);
}

std::optional<std::string> ExcessOfPool(const CommitmentWalk& walk, std::string_view pool) {
  const PoolLoad* load = walk.Find(pool);
  if (load == nullptr || load->added_within == 0) return std::nullopt;
  if (load->within <= absl::int128(load->allocated) + walk.limits().tolerance) return std::nullopt;
  const std::string in_plan =
      load->in_plan == 0 ? ""
                         : fmt::format(", and those beyond it that the plan has ({} H100e),",
                                       H100eText(load->in_plan));
  return fmt::format(
      "the grants of pool '{}' within its allocation{} add up to {} H100e from {} on; expected at "
      "most {} H100e, {} {}",
      pool, in_plan, H100eText(load->within), TimeText(walk.from_unix_seconds()),
      H100eText(load->allocated),
      load->planned == nullptr ? "since it is no pool of" : "its allocation by", PlanOf(walk));
}

// What is no pool has no category whose share would be its limit.
std::optional<std::string> ExcessOfNoPool(const CommitmentWalk& walk, std::string_view pool) {
  const PoolLoad* load = walk.Find(pool);
  if (load == nullptr || load->planned != nullptr || load->added_beyond == 0) return std::nullopt;
  return fmt::format(
      "the grants of pool '{}' beyond its allocation add up to {} H100e from {} on; expected none, "
      "since it is no pool of {}",
      pool, H100eText(load->beyond), TimeText(walk.from_unix_seconds()), PlanOf(walk));
}

bool Exceeds(const Need& need, int64_t limit, int64_t tolerance) {
  return need.now > absl::int128(limit) + tolerance && need.now > need.before;
}

constexpr std::string_view kWhatIsNeeded =
    "what they are allocated, or what is promised of it if that is more, and what is granted "
    "beyond it";

// `kind`: "category" or "tier".
template <class Kind>
std::optional<std::string> ExcessOfShare(const CommitmentWalk& walk, std::string_view kind,
                                         Kind which, const std::optional<int64_t>& limit) {
  const Need& need = walk.need(which);
  if (!limit || !Exceeds(need, *limit, walk.limits().tolerance)) return std::nullopt;
  return fmt::format(
      "the pools of {} {} need {} H100e from {} on, {}; expected at most {} H100e, the share of "
      "the {} by {}",
      kind, Name(which), H100eText(need.now), TimeText(walk.from_unix_seconds()), kWhatIsNeeded,
      H100eText(*limit), kind, PlanOf(walk));
}

std::optional<std::string> ExcessOfSupply(const CommitmentWalk& walk) {
  if (!Exceeds(walk.need(), walk.limits().all, walk.limits().tolerance)) return std::nullopt;
  return fmt::format(
      "all pools together need {} H100e from {} on, {}; expected at most {} H100e, the supply less "
      "the buffer by {}",
      H100eText(walk.need().now), TimeText(walk.from_unix_seconds()), kWhatIsNeeded,
      H100eText(walk.limits().all), PlanOf(walk));
}

std::optional<std::string> ExcessAt(const CommitmentWalk& walk,
                                    const std::set<std::string_view>& pools) {
  for (const std::string_view pool : pools) {
    if (auto excess = ExcessOfPool(walk, pool)) return excess;
    if (auto excess = ExcessOfNoPool(walk, pool)) return excess;
  }
  for (const Category category : kCategories) {
    const auto& limit = walk.limits().categories[static_cast<size_t>(category)];
    if (auto excess = ExcessOfShare(walk, "category", category, limit)) return excess;
  }
  for (const Tier tier : kTiers) {
    const auto& limit = walk.limits().tiers[static_cast<size_t>(tier)];
    if (auto excess = ExcessOfShare(walk, "tier", tier, limit)) return excess;
  }
  return ExcessOfSupply(walk);
}

}  // namespace

absl::Status CheckAdded(const std::vector<Commitment>& commitments, const ReferenceData& reference,
                        int64_t now_unix_seconds) {
  std::set<std::string_view> pools;
  int64_t end = 0;
  for (const Commitment& each : commitments) {
    if (!each.added) continue;
    pools.insert(each.pool);
    end = std::max(end, each.to_unix_seconds);
  }
  CommitmentWalk walk(commitments, reference, HourOf(now_unix_seconds), end);
  while (walk.Next()) {
    if (const auto excess = ExcessAt(walk, pools)) return absl::FailedPreconditionError(*excess);
  }
  return absl::OkStatus();
}

absl::Status CheckCommitments(const CapacityBook& book, const ReferenceData& reference,
                              int64_t now_unix_seconds) {
  std::vector<Commitment> commitments = CommitmentsOf(book);
  for (Commitment& each : commitments) each.added = true;
  return CheckAdded(commitments, reference, now_unix_seconds);
}

}  // namespace fleetmeter::capacity
