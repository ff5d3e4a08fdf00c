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
constexpr size_t kMostBytesOfEvents = size_t{3} << 19;
constexpr size_t kMostBytesOfChange = 3 << 20;
constexpr size_t kMostBytesOfRanking = 3 << 20;
constexpr uint32_t kUsualRanked = 1'000;
constexpr uint32_t kMostRankedOfPage = 10'000;

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
Plan KnownPart(const Plan& plan, const PoolSight& knows) {
  Plan known = plan;
  std::erase_if(known.pools, [&](const Pool& pool) { return !knows.Sees(pool.name); });
  known.pool_index.clear();
  return known;
}

capacity::Fit FitInSight(const CapacityMoment& moment, const capacity::CapacityForm& form,
                         const capacity::Worth& worth, const PoolSight& sight) {
  capacity::Fit fit =
      capacity::DoesItFit(*moment.book, *moment.reference, form, worth, moment.now_unix_seconds());
  std::erase_if(fit.lenders,
                [&](const capacity::Lender& lender) { return !sight.Sees(lender.pool); });
  const auto is_hidden = [&](const capacity::Displaced& displaced) {
    const CapacityRequest* request = moment.book->Find(displaced.request_id);
    return request == nullptr || !sight.Sees(request->form.pool);
  };
  std::erase_if(fit.displaces, is_hidden);
  if (fit.beyond) std::erase_if(fit.beyond->displaces, is_hidden);
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

// A ranking changes with the book, and with the hours in which requests expire.
std::string StateOfRanking(const CapacityMoment& moment) {
  return fmt::format("{}-{}", moment.book->last_number(),
                     moment.now_unix_seconds() / kSecondsPerHour);
}

// After which place a page begins: "BOOK-HOUR-PLACE".
absl::StatusOr<size_t> PlaceBefore(const CapacityMoment& moment, const std::string& token) {
  if (token.empty()) return 0;
  const size_t last = token.rfind('-');
  const std::string place = last == std::string::npos ? "" : token.substr(last + 1);
  if (place.empty() || place.size() > 9 ||
      place.find_first_not_of("0123456789") != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("page_token: is {}; expected the next_page_token of an answer", Quoted(token)));
  }
  if (token.substr(0, last) == StateOfRanking(moment)) return std::stoull(place);
  return absl::AbortedError(
      "page_token: the requests have changed since that page; expected no token, to begin again");
}

absl::Status FillPage(const CapacityMoment& moment, const std::vector<RankedRequest>& ranking,
                      const v1::GetRankingRequest& request, v1::GetRankingResponse* response) {
  const auto before = PlaceBefore(moment, request.page_token());
  if (!before.ok()) return before.status();
  FillBasis(moment, response->mutable_basis());
  response->set_total(ranking.size());
  const uint32_t most =
      std::min(request.page_size() == 0 ? kUsualRanked : request.page_size(), kMostRankedOfPage);
  size_t bytes = 0;
  size_t at = std::min(*before, ranking.size());
  for (; at < ranking.size() && static_cast<uint32_t>(response->requests_size()) < most &&
         bytes < kMostBytesOfRanking;
       ++at) {
    v1::RankedCapacity& message = *response->add_requests();
    message = RankedMessage(ranking[at], moment.now_unix_seconds());
    bytes += message.ByteSizeLong();
  }
  if (at < ranking.size()) {
    response->set_next_page_token(fmt::format("{}-{}", StateOfRanking(moment), at));
  }
  return absl::OkStatus();
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

// Adds a message that still has its place, or counts it as left out.
template <class Message, class Messages>
uint32_t AddOrLeaveOut(const Message& message, size_t most_bytes, size_t* bytes,
                       Messages* messages) {
  const size_t size = message.ByteSizeLong();
  if (*bytes + size > most_bytes) {
    *bytes = most_bytes;  // what follows is left out, too: the first ones are told
    return 1;
  }
  *bytes += size;
  *messages->Add() = message;
  return 0;
}

void AddConcerned(const CapacityMoment& moment, const CapacityRequest& request, size_t* bytes,
                  v1::ChangeCapacityResponse* response) {
  const uint32_t left_out = AddOrLeaveOut(RequestMessage(request, moment.now_unix_seconds()),
                                          kMostBytesOfChange, bytes, response->mutable_requests());
  response->set_requests_left_out(response->requests_left_out() + left_out);
}

void FillConcerned(const CapacityMoment& moment, const Concerned& concerned, size_t bytes,
                   v1::ChangeCapacityResponse* response) {
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

}  // namespace

ReadForm CheckFormMessage(const CapacityMoment& moment, const v1::CapacityForm& message,
                          const PoolSight& knows) {
  ReadForm read;
  read.form = FormOf(message, &read.violations);
  const bool no_nature = HasViolationOf(read.violations, "nature");
  const Plan& plan = moment.plan();
  std::optional<Plan> part;
  if (!knows.Sees(read.form.pool)) part = KnownPart(plan, knows);
  for (Violation& violation :
       capacity::CheckForm(read.form, {.plan = part ? *part : plan,
                                       .catalog = moment.reference->catalog,
                                       .now_unix_seconds = moment.now_unix_seconds(),
                                       .knows_supply = knows.all})) {
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

absl::Status FillRanking(const CapacityMoment& moment, const v1::GetRankingRequest& request,
                         const PoolSight& sight, v1::GetRankingResponse* response) {
  const int64_t now = moment.now_unix_seconds();
  const std::string& pool = request.pool();
  if (pool.empty()) {
    return FillPage(moment, capacity::RankBetweenPools(*moment.book, now), request, response);
  }
  if (!IsPoolInSight(moment, sight, pool)) return NoSuchPool(moment, sight, pool);
  return FillPage(moment, capacity::RankPool(*moment.book, pool, now), request, response);
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
    message.set_beyond_micro_h100e(span.beyond_micro_h100e);
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

void FillChange(const CapacityMoment& moment, const std::vector<capacity::CapacityEvent>& events,
                const Concerned& concerned, v1::ChangeCapacityResponse* response) {
  size_t bytes = 0;
  for (const capacity::CapacityEvent& event : events) {
    const uint32_t left_out =
        AddOrLeaveOut(EventMessage(event), kMostBytesOfEvents, &bytes, response->mutable_events());
    response->set_events_left_out(response->events_left_out() + left_out);
  }
  FillConcerned(moment, concerned, bytes, response);
}

}  // namespace fleetmeter
