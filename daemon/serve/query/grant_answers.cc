#include "daemon/serve/query/grant_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/view/grant_use_reader.h"

namespace fleetmeter {
namespace {

using capacity::CapacityRequest;
using capacity::GrantUse;
using capacity::SharedUse;

constexpr size_t kMostEarlier = 3;
constexpr size_t kMostGrantsListed = 10'000;
std::string DecimalText(absl::int128 value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

int64_t FullHour(int64_t unix_seconds) { return unix_seconds - unix_seconds % kSecondsPerHour; }

// Chip-nanoseconds of a grant in H100e-hours, by what its chips were worth when it was decided.
double H100eHours(absl::int128 chip_nanos, const capacity::Grant& grant) {
  if (grant.chips <= 0) return 0;
  const double h100e_of_chip =
      static_cast<double>(grant.worth.micro_h100e) / 1e6 / static_cast<double>(grant.chips);
  return static_cast<double>(chip_nanos) / static_cast<double>(kHour) * h100e_of_chip;
}

// What is told of the use. Where nothing is, nothing is known of it, and not that it is 0.
void FillTold(const CapacityRequest& request, const GrantUse& use, v1::UsedGrant* to) {
  to->set_granted_chip_nanos(DecimalText(use.granted_chip_nanos));
  to->set_used_chip_nanos(DecimalText(use.used_chip_nanos));
  to->set_busy_chip_nanos(DecimalText(use.busy_chip_nanos));
  to->set_measured_chip_nanos(DecimalText(use.measured_chip_nanos));
  to->set_used_ratio(static_cast<double>(use.used_chip_nanos) /
                     static_cast<double>(use.granted_chip_nanos));
  if (use.measured_chip_nanos > 0) {
    to->set_utilization_ratio(static_cast<double>(use.busy_chip_nanos) /
                              static_cast<double>(use.measured_chip_nanos));
  }
  to->set_used_h100e_hours(H100eHours(use.used_chip_nanos, *request.grant));
  to->set_unused_h100e_hours(
      H100eHours(use.granted_chip_nanos - use.used_chip_nanos, *request.grant));
  to->set_peak_micro_chips(use.peak_micro_chips);
}

void FillUse(const CapacityRequest& request, const GrantUse& use, int64_t now, v1::UsedGrant* to) {
  *to->mutable_request() = RequestMessage(request, now);
  if (use.granted_chip_nanos > 0) FillTold(request, use, to);
  to->set_told_seconds(use.told_seconds);
  to->set_untold_seconds(use.untold_seconds);
  to->set_untold_h100e_hours(H100eHours(use.untold_chip_nanos, *request.grant));
}

bool IsListed(const CapacityRequest& request, const v1::ListGrantsRequest& asked, int64_t now) {
  const auto matches = [](const std::string& filter, const std::string& value) {
    return filter.empty() || filter == value;
  };
  return request.grant && matches(asked.pool(), request.form.pool) &&
         matches(asked.team(), request.form.team) &&
         matches(asked.request_id(), request.form.request_id) &&
         (asked.ended() || !asked.request_id().empty() || request.grant->end_unix_seconds > now);
}

// Since the first of them began; the use of all grants of that time is shared out together.
absl::StatusOr<SharedUse> ReadUseOf(Database& ledger, const CapacityMoment& moment,
                                    const SeenRequests& grants) {
  int64_t from = FullHour(moment.now_unix_seconds());
  std::set<std::string> pools;
  for (const CapacityRequest* request : grants) {
    from = std::min(from, request->grant->start_unix_seconds);
    pools.insert(request->form.pool);
  }
  if (from >= FullHour(moment.now_unix_seconds())) return SharedUse();
  auto read = ReadGrantUse(ledger, *moment.book, from, moment.now_unix_seconds(),
                           pools.size() == 1 ? *pools.begin() : "");
  if (!read.ok()) return read.status();
  return std::move(read->use);
}

// Of a grant that has not begun there is nothing.
GrantUse UseOf(const SharedUse& use, const std::string& request_id) {
  const auto found = std::lower_bound(
      use.grants.begin(), use.grants.end(), request_id,
      [](const GrantUse& grant, const std::string& id) { return grant.request_id < id; });
  if (found != use.grants.end() && found->request_id == request_id) return *found;
  GrantUse none;
  none.request_id = request_id;
  return none;
}

void FillBeyond(const SharedUse& use, const v1::ListGrantsRequest& asked, const PoolSight& sight,
                const SeenRequests& listed, v1::ListGrantsResponse* response) {
  std::set<std::pair<std::string, std::string>> named;
  for (const CapacityRequest* request : listed) {
    named.emplace(request->form.pool, request->form.team);
  }
  for (const SharedUse::Beyond& beyond : use.beyond) {
    if (!sight.Sees(beyond.pool) || beyond.chip_nanos == 0) continue;
    if (!asked.pool().empty() && beyond.pool != asked.pool()) continue;
    if (!asked.team().empty() && beyond.team != asked.team()) continue;
    if (!asked.request_id().empty() && !named.contains({beyond.pool, beyond.team})) continue;
    v1::UnderNoGrant& to = *response->add_beyond();
    to.set_pool(beyond.pool);
    to.set_team(beyond.team);
    to.set_chip_nanos(DecimalText(beyond.chip_nanos));
  }
}

// Those that have begun, the latest first.
SeenRequests EarlierGrants(const CapacityMoment& moment, const std::string& pool,
                           const std::string& team) {
  SeenRequests earlier;
  for (const auto& [id, request] : moment.book->requests()) {
    if (request->grant && request->form.pool == pool && request->form.team == team &&
        request->grant->start_unix_seconds < FullHour(moment.now_unix_seconds())) {
      earlier.push_back(request.get());
    }
  }
  std::stable_sort(earlier.begin(), earlier.end(),
                   [](const CapacityRequest* a, const CapacityRequest* b) {
                     return a->grant->start_unix_seconds > b->grant->start_unix_seconds;
                   });
  if (earlier.size() > kMostEarlier) earlier.resize(kMostEarlier);
  return earlier;
}

}  // namespace

absl::Status CheckGrantFilters(const CapacityMoment& moment, const v1::ListGrantsRequest& request,
                               const PoolSight& sight) {
  if (absl::Status pool = CheckPoolFilter(moment, sight, request.pool()); !pool.ok()) return pool;
  if (absl::Status team = CheckTeamFilter(moment, sight, request.team()); !team.ok()) return team;
  if (request.request_id().empty()) return absl::OkStatus();
  return FindInSight(*moment.book, sight, request.request_id()).status();
}

absl::Status AnswerGrants(Database& ledger, const CapacityMoment& moment,
                          const v1::ListGrantsRequest& request, const PoolSight& sight,
                          v1::ListGrantsResponse* response) {
  const int64_t now = moment.now_unix_seconds();
  SeenRequests listed = RequestsInSight(*moment.book, sight);
  std::erase_if(listed, [&](const auto* each) { return !IsListed(*each, request, now); });
  if (listed.size() > kMostGrantsListed) {
    return absl::InvalidArgumentError(
        fmt::format("there are {} grants; expected at most {}: ask for one pool or one team, or "
                    "without those that have ended",
                    listed.size(), kMostGrantsListed));
  }
  const auto use = ReadUseOf(ledger, moment, listed);
  if (!use.ok()) return use.status();
  FillBasis(moment, response->mutable_basis());
  for (const CapacityRequest* each : listed) {
    FillUse(*each, UseOf(*use, each->form.request_id), now, response->add_grants());
  }
  FillBeyond(*use, request, sight, listed, response);
  return absl::OkStatus();
}

bool HasEarlierGrants(const CapacityMoment& moment, const std::string& pool,
                      const std::string& team) {
  return !EarlierGrants(moment, pool, team).empty();
}

absl::Status AnswerEarlierGrants(Database& ledger, const CapacityMoment& moment,
                                 const std::string& pool, const std::string& team,
                                 v1::CheckCapacityResponse* response) {
  const SeenRequests earlier = EarlierGrants(moment, pool, team);
  const auto use = ReadUseOf(ledger, moment, earlier);
  if (!use.ok()) return use.status();
  for (const CapacityRequest* each : earlier) {
    FillUse(*each, UseOf(*use, each->form.request_id), moment.now_unix_seconds(),
            response->add_earlier());
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
