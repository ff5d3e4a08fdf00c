#include "daemon/serve/query/capacity_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/serve/query/capacity_messages.h"

namespace fleetmeter {
namespace {

using capacity::CapacityRequest;
using capacity::State;

constexpr uint32_t kUsualRequests = 1'000;
constexpr uint32_t kMostRequestsOfPage = 10'000;
// gRPC's clients take 4 MiB unless they are told otherwise. Texts may be long.
constexpr size_t kMostBytesOfPage = 3 << 20;
constexpr size_t kMostNamesTold = 20;  // an error travels in metadata, which is small
constexpr std::string_view kOpen = "open";

int64_t SubmissionOf(const CapacityRequest& request) { return request.events.front().number; }

absl::Status NoSuchFilter(const char* field, const std::string& value,
                          const std::string& expected) {
  return absl::InvalidArgumentError(
      fmt::format("{}: is {}; expected {}", field, Quoted(value), expected));
}

absl::Status NoSuchName(const char* field, const std::string& value,
                        const std::set<std::string>& known) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {} is none that is known{}", field, Quoted(value),
                  NamesHint(value, {known.begin(), known.end()}, kMostNamesTold)));
}

std::string StatesExpected() {
  std::string names(kOpen);
  for (const State state : capacity::kStates) names += fmt::format(", {}", capacity::Name(state));
  return "one of: " + names;
}

absl::Status CheckFilters(const CapacityMoment& moment, const v1::ListCapacityRequest& request,
                          const PoolSight& sight) {
  if (absl::Status pool = CheckPoolFilter(moment, sight, request.pool()); !pool.ok()) return pool;
  if (absl::Status team = CheckTeamFilter(moment, sight, request.team()); !team.ok()) return team;
  const std::string& state = request.state();
  if (!state.empty() && state != kOpen && !capacity::ParseState(state)) {
    return NoSuchFilter("state", state, StatesExpected());
  }
  if (!request.nature().empty()) {
    if (const auto nature = ReadNature(request.nature()); !nature.ok()) return nature.status();
  }
  if (request.since_unix_nanos() >= 0) return absl::OkStatus();
  return NoSuchFilter("since_unix_nanos", std::to_string(request.since_unix_nanos()),
                      "nanoseconds since the Unix epoch, or 0");
}

bool HasState(const CapacityRequest& request, const std::string& asked, int64_t now) {
  if (asked.empty()) return true;
  const State state = request.StateAt(now);
  if (asked == kOpen) return state == State::kSubmitted || state == State::kRanked;
  return capacity::Name(state) == asked;
}

// The owner's order is no event of the request, and may have ranked it.
bool WasRankedSince(const CapacityRequest& request, const capacity::CapacityBook& book,
                    int64_t since) {
  if (!request.ranked) return false;
  const auto order = book.orders().find({request.form.pool, request.form.nature});
  if (order == book.orders().end() || order->second.at_unix_nanos < since) return false;
  const auto& workloads = order->second.workloads;
  return std::find(workloads.begin(), workloads.end(), request.form.workload) != workloads.end();
}

bool IsAskedFor(const CapacityRequest& request, const v1::ListCapacityRequest& asked,
                const CapacityMoment& moment) {
  const auto matches = [](const std::string& filter, std::string_view value) {
    return filter.empty() || filter == value;
  };
  const int64_t since = asked.since_unix_nanos();
  return matches(asked.pool(), request.form.pool) && matches(asked.team(), request.form.team) &&
         matches(asked.nature(), capacity::Name(request.form.nature)) &&
         HasState(request, asked.state(), moment.now_unix_seconds()) &&
         (since == 0 || request.events.back().at_unix_nanos >= since ||
          WasRankedSince(request, *moment.book, since));
}

// The number of the submission after which a page begins.
std::optional<int64_t> ReadPageToken(const std::string& token) {
  if (token.empty()) return 0;
  const bool digits = token.size() < 19 && token.find_first_not_of("0123456789") == token.npos;
  return digits ? std::optional<int64_t>(std::stoll(token)) : std::nullopt;
}

std::set<std::string> TeamsInSight(const CapacityMoment& moment, const PoolSight& sight) {
  std::set<std::string> teams;
  for (const Pool& pool : moment.plan().pools) {
    if (sight.Sees(pool.name)) teams.insert(pool.teams.begin(), pool.teams.end());
  }
  for (const CapacityRequest* request : RequestsInSight(*moment.book, sight)) {
    teams.insert(request->form.team);
  }
  return teams;
}

}  // namespace

SeenRequests RequestsInSight(const capacity::CapacityBook& book, const PoolSight& sight) {
  SeenRequests seen;
  for (const auto& [id, request] : book.requests()) {
    if (sight.Sees(request->form.pool)) seen.push_back(request.get());
  }
  std::sort(seen.begin(), seen.end(), [](const CapacityRequest* a, const CapacityRequest* b) {
    return SubmissionOf(*a) < SubmissionOf(*b);
  });
  return seen;
}

absl::Status NoSuchRequest(const capacity::CapacityBook& book, const std::string& request_id,
                           const std::function<bool(const CapacityRequest&)>& knows) {
  std::vector<std::string> known;
  for (const auto& [id, request] : book.requests()) {
    if (knows(*request)) known.push_back(id);
  }
  return absl::NotFoundError(fmt::format("there is no request {}{}", Quoted(request_id),
                                         NamesHint(request_id, known, kMostNamesTold)));
}

absl::StatusOr<const CapacityRequest*> FindInSight(const capacity::CapacityBook& book,
                                                   const PoolSight& sight,
                                                   const std::string& request_id) {
  const CapacityRequest* found = book.Find(request_id);
  if (found != nullptr && sight.Sees(found->form.pool)) return found;
  return NoSuchRequest(book, request_id, [&](const CapacityRequest& request) {
    return sight.Sees(request.form.pool);
  });
}

bool IsPoolInSight(const CapacityMoment& moment, const PoolSight& sight, std::string_view pool) {
  if (!sight.Sees(pool)) return false;
  if (moment.plan().FindPool(pool) != nullptr) return true;
  const auto& requests = moment.book->requests();
  return std::any_of(requests.begin(), requests.end(),
                     [&](const auto& entry) { return entry.second->form.pool == pool; });
}

std::vector<std::string> PoolsInSight(const CapacityMoment& moment, const PoolSight& sight) {
  std::set<std::string> pools;
  for (const Pool& pool : moment.plan().pools) {
    if (sight.Sees(pool.name)) pools.insert(pool.name);
  }
  for (const CapacityRequest* request : RequestsInSight(*moment.book, sight)) {
    pools.insert(request->form.pool);
  }
  return {pools.begin(), pools.end()};
}

absl::Status CheckPoolFilter(const CapacityMoment& moment, const PoolSight& sight,
                             const std::string& pool) {
  if (pool.empty() || IsPoolInSight(moment, sight, pool)) return absl::OkStatus();
  const std::vector<std::string> known = PoolsInSight(moment, sight);
  return NoSuchName("pool", pool, {known.begin(), known.end()});
}

absl::Status CheckTeamFilter(const CapacityMoment& moment, const PoolSight& sight,
                             const std::string& team) {
  if (team.empty()) return absl::OkStatus();
  const std::set<std::string> known = TeamsInSight(moment, sight);
  return known.contains(team) ? absl::OkStatus() : NoSuchName("team", team, known);
}

absl::Status FillRequests(const CapacityMoment& moment, const v1::ListCapacityRequest& request,
                          const PoolSight& sight, v1::ListCapacityResponse* response) {
  if (absl::Status wrong = CheckFilters(moment, request, sight); !wrong.ok()) return wrong;
  const auto after = ReadPageToken(request.page_token());
  if (!after) {
    return absl::InvalidArgumentError("page_token: is of no page; begin again without it");
  }
  SeenRequests asked = RequestsInSight(*moment.book, sight);
  std::erase_if(asked, [&](const auto* each) { return !IsAskedFor(*each, request, moment); });
  FillBasis(moment, response->mutable_basis());
  response->set_total(asked.size());
  const uint32_t most = std::min(request.page_size() == 0 ? kUsualRequests : request.page_size(),
                                 kMostRequestsOfPage);
  size_t bytes = 0;
  auto at = std::partition_point(asked.begin(), asked.end(), [&](const CapacityRequest* each) {
    return SubmissionOf(*each) <= *after;
  });
  for (; at != asked.end() && static_cast<uint32_t>(response->requests_size()) < most &&
         bytes < kMostBytesOfPage;
       ++at) {
    *response->add_requests() = RequestMessage(**at, moment.now_unix_seconds());
    bytes += response->requests(response->requests_size() - 1).ByteSizeLong();
  }
  if (at != asked.end()) response->set_next_page_token(std::to_string(SubmissionOf(**(at - 1))));
  return absl::OkStatus();
}

}  // namespace fleetmeter
