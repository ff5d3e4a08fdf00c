#include "daemon/serve/query/capacity_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <variant>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/capacity/check_form.h"
#include "daemon/domain/capacity/commitments.h"
#include "daemon/domain/capacity/rank_requests.h"
#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/capacity_messages.h"

namespace fleetmeter {
namespace {

using capacity::CapacityRequest;
using capacity::RankedRequest;
using capacity::State;

constexpr size_t kMostPoolsTold = 20;  // an error travels in metadata, which is small
constexpr int64_t kUsualTimeline = 90 * kSecondsPerDay;
constexpr int64_t kLongestTimeline = capacity::kMostHours * kSecondsPerHour;
constexpr int64_t kLastTime = 7'258'118'400;  // 2200-01-01
// gRPC's clients take 4 MiB unless they are told otherwise.
constexpr size_t kMostBytesOfRequests = 2 << 20;

// Without these, whether something fits is no question.
constexpr std::array<std::string_view, 6> kNeededToFit = {
    "pool", "chip", "chips", "start_unix_seconds", "hours", "workload_type"};

bool HasViolationOf(const std::vector<Violation>& violations, std::string_view field) {
  return std::any_of(violations.begin(), violations.end(),
                     [&](const Violation& violation) { return violation.path == field; });
}

bool MayFit(const std::vector<Violation>& violations) {
  return std::none_of(kNeededToFit.begin(), kNeededToFit.end(),
                      [&](std::string_view field) { return HasViolationOf(violations, field); });
}

// The plan as who knows some of its pools only may be told of it.
Plan KnownPart(const Plan& plan, const std::function<bool(std::string_view)>& knows) {
  Plan known = plan;
  std::erase_if(known.pools, [&](const Pool& pool) { return !knows(pool.name); });
  known.pool_index.clear();
  return known;
}

capacity::Fit FitInSight(const CapacityMoment& moment, const capacity::CapacityForm& form,
                         const capacity::Worth& worth, const PoolSight& sight) {
  capacity::Fit fit =
      capacity::DoesItFit(*moment.book, *moment.reference, form, worth, moment.now_unix_seconds());
  std::erase_if(fit.lenders,
                [&](const capacity::Lender& lender) { return !sight.Sees(lender.pool); });
  return fit;
}

bool IsOpen(const CapacityRequest& request, int64_t now) {
  const State state = request.StateAt(now);
  return state == State::kSubmitted || state == State::kRanked;
}

// Why a request stands where it stands names others, which are of all pools where it is beyond an
// allocation.
std::vector<RankedRequest> RankingOf(const CapacityMoment& moment, const CapacityRequest& request,
                                     const PoolSight& sight) {
  const int64_t now = moment.now_unix_seconds();
  if (!request.form.beyond_allocation) {
    return capacity::RankPool(*moment.book, request.form.pool, now);
  }
  return sight.all ? capacity::RankBetweenPools(*moment.book, now) : std::vector<RankedRequest>();
}

void FillOpen(const CapacityMoment& moment, const CapacityRequest& request, const PoolSight& sight,
              v1::GetCapacityResponse* response) {
  *response->mutable_fit() = FitMessage(FitInSight(moment, request.form, request.worth, sight));
  for (const RankedRequest& ranked : RankingOf(moment, request, sight)) {
    if (ranked.request->form.request_id != request.form.request_id) continue;
    *response->mutable_rank() = RankedMessage(ranked, moment.now_unix_seconds());
  }
}

void FillRanking(const CapacityMoment& moment, const std::vector<RankedRequest>& ranking,
                 v1::GetRankingResponse* response) {
  FillBasis(moment, response->mutable_basis());
  for (const RankedRequest& ranked : ranking) {
    *response->add_requests() = RankedMessage(ranked, moment.now_unix_seconds());
  }
}

absl::Status NoSuchPool(const CapacityMoment& moment, const PoolSight& sight,
                        const std::string& pool) {
  const Plan& plan = moment.plan();
  return absl::NotFoundError(
      fmt::format("{} is not a pool of plan '{}' version {}{}", Quoted(pool), plan.name,
                  plan.version, NamesHint(pool, PoolsInSight(moment, sight), kMostPoolsTold)));
}

absl::Status CheckHour(const char* field, int64_t unix_seconds) {
  if (unix_seconds >= 0 && unix_seconds <= kLastTime && unix_seconds % kSecondsPerHour == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: is {}; expected a full hour of UTC, in seconds since the Unix epoch, up to "
                  "the year 2200",
                  field, unix_seconds));
}

absl::Status CheckTimes(int64_t from, int64_t to) {
  if (absl::Status wrong = CheckHour("from_unix_seconds", from); !wrong.ok()) return wrong;
  if (absl::Status wrong = CheckHour("to_unix_seconds", to); !wrong.ok()) return wrong;
  if (from < to && to - from <= kLongestTimeline) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("to_unix_seconds: is {}; expected a time after from_unix_seconds, {}, and at "
                  "most {} hours after it",
                  to, from, capacity::kMostHours));
}

void AddConcerned(const CapacityMoment& moment, const CapacityRequest& request, size_t* bytes,
                  v1::ChangeCapacityResponse* response) {
  if (*bytes >= kMostBytesOfRequests) return;
  v1::CapacityRequest& message = *response->add_requests();
  message = RequestMessage(request, moment.now_unix_seconds());
  *bytes += message.ByteSizeLong();
}

}  // namespace

ReadForm CheckFormMessage(const CapacityMoment& moment, const v1::CapacityForm& message,
                          const std::function<bool(std::string_view pool)>& knows) {
  ReadForm read;
  read.form = FormOf(message, &read.violations);
  const bool no_nature = HasViolationOf(read.violations, "nature");
  const Plan& plan = moment.plan();
  std::optional<Plan> part;
  if (!knows(read.form.pool)) part = KnownPart(plan, knows);
  for (Violation& violation :
       capacity::CheckForm(read.form, {.plan = part ? *part : plan,
                                       .catalog = moment.reference->catalog,
                                       .now_unix_seconds = moment.now_unix_seconds()})) {
    // Whether there has to be a goal depends on the nature.
    if (no_nature && violation.path == "goal") continue;
    read.violations.push_back(std::move(violation));
  }
  return read;
}

void FillCheck(const CapacityMoment& moment, const ReadForm& read, const PoolSight& sight,
               v1::CheckCapacityResponse* response) {
  FillBasis(moment, response->mutable_basis());
  AddViolations(read.violations, response);
  if (!MayFit(read.violations)) return;
  const capacity::CapacityForm& form = read.form;
  const capacity::Worth worth = capacity::WorthOf(moment.reference->catalog, form.chip, form.chips,
                                                  form.workload_type, form.start_unix_seconds);
  response->set_micro_h100e(worth.micro_h100e);
  response->set_micro_h100e_hours(capacity::MicroH100eHours(worth, form.hours));
  *response->mutable_fit() = FitMessage(FitInSight(moment, form, worth, sight));
}

absl::Status FillRequest(const CapacityMoment& moment, const std::string& request_id,
                         const PoolSight& sight, v1::GetCapacityResponse* response) {
  const auto found = FindInSight(*moment.book, sight, request_id);
  if (!found.ok()) return found.status();
  const CapacityRequest& request = **found;
  *response->mutable_request() = RequestMessage(request, moment.now_unix_seconds());
  for (const capacity::CapacityEvent& event : request.events) {
    *response->add_events() = EventMessage(event);
  }
  if (IsOpen(request, moment.now_unix_seconds())) FillOpen(moment, request, sight, response);
  return absl::OkStatus();
}

absl::Status FillPoolRanking(const CapacityMoment& moment, const std::string& pool,
                             const PoolSight& sight, v1::GetRankingResponse* response) {
  if (!IsPoolInSight(moment, sight, pool)) return NoSuchPool(moment, sight, pool);
  FillRanking(moment, capacity::RankPool(*moment.book, pool, moment.now_unix_seconds()), response);
  return absl::OkStatus();
}

void FillRankingBetweenPools(const CapacityMoment& moment, v1::GetRankingResponse* response) {
  FillRanking(moment, capacity::RankBetweenPools(*moment.book, moment.now_unix_seconds()),
              response);
}

absl::Status FillSpans(const CapacityMoment& moment, const v1::GetTimelineRequest& request,
                       const PoolSight& sight, v1::GetTimelineResponse* response) {
  if (!IsPoolInSight(moment, sight, request.pool())) {
    return NoSuchPool(moment, sight, request.pool());
  }
  const int64_t hour = moment.now_unix_seconds() / kSecondsPerHour * kSecondsPerHour;
  const int64_t from = request.from_unix_seconds() == 0 ? hour : request.from_unix_seconds();
  if (absl::Status wrong = CheckHour("from_unix_seconds", from); !wrong.ok()) return wrong;
  const int64_t to =
      request.to_unix_seconds() == 0 ? from + kUsualTimeline : request.to_unix_seconds();
  if (absl::Status wrong = CheckTimes(from, to); !wrong.ok()) return wrong;
  FillBasis(moment, response->mutable_basis());
  response->set_pool(request.pool());
  for (const capacity::PoolSpan& span :
       capacity::PoolTimeline(*moment.book, *moment.reference, request.pool(), from, to)) {
    v1::CapacitySpan& message = *response->add_spans();
    message.set_from_unix_seconds(span.from_unix_seconds);
    message.set_to_unix_seconds(span.to_unix_seconds);
    message.set_allocated_micro_h100e(span.allocated_micro_h100e);
    message.set_committed_micro_h100e(span.committed_micro_h100e);
    message.set_uncommitted_micro_h100e(span.uncommitted_micro_h100e);
  }
  return absl::OkStatus();
}

Concerned ConcernedBy(const capacity::CapacityOrder& order) {
  Concerned concerned;
  if (const auto* submit = std::get_if<capacity::SubmitOrder>(&order.what)) {
    concerned.request_ids = {submit->form.request_id};
  } else if (const auto* withdraw = std::get_if<capacity::WithdrawOrder>(&order.what)) {
    concerned.request_ids = {withdraw->request_id};
  } else if (const auto* rank = std::get_if<capacity::RankOrder>(&order.what)) {
    concerned.ranked = {rank->pool, rank->nature};
  } else if (const auto* decide = std::get_if<capacity::DecideOrder>(&order.what)) {
    for (const capacity::Decision& decision : decide->decisions) {
      concerned.request_ids.push_back(decision.request_id);
    }
  } else if (const auto* release = std::get_if<capacity::ReleaseOrder>(&order.what)) {
    concerned.request_ids = {release->request_id};
  }
  return concerned;
}

void FillConcerned(const CapacityMoment& moment, const Concerned& concerned,
                   v1::ChangeCapacityResponse* response) {
  size_t bytes = 0;
  for (const std::string& id : concerned.request_ids) {
    const CapacityRequest* found = moment.book->Find(id);
    if (found != nullptr) AddConcerned(moment, *found, &bytes, response);
  }
  if (!concerned.ranked) return;
  const auto& [pool, nature] = *concerned.ranked;
  for (const auto& [id, request] : moment.book->requests()) {
    const capacity::CapacityForm& form = request->form;
    if (form.pool != pool || form.nature != nature || form.beyond_allocation) continue;
    if (!IsOpen(*request, moment.now_unix_seconds())) continue;
    AddConcerned(moment, *request, &bytes, response);
  }
}

}  // namespace fleetmeter
