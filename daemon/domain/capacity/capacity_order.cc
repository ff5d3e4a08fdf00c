#include "daemon/domain/capacity/capacity_order.h"

#include <algorithm>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/form_changes.h"
#include "daemon/domain/capacity/people_text.h"
#include "daemon/domain/capacity/prepare_order.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::capacity {
namespace {

constexpr size_t kMostNearest = 5;

// What an event did, after who did it.
std::string DeedText(const CapacityEvent& event) {
  switch (event.action) {
    case Action::kSubmit:
      return "submitted it";
    case Action::kAmend:
      return "amended it";
    case Action::kWithdraw:
      return "withdrew it";
    case Action::kGrant:
      return fmt::format("granted {} chips from {} to {}",
                         Grouped(std::to_string(event.granted_chips)),
                         TimeText(event.start_unix_seconds), TimeText(event.end_unix_seconds));
    case Action::kDecline:
      return "declined it";
    case Action::kRelease:
      return fmt::format("released it from {} on", TimeText(event.end_unix_seconds));
    case Action::kRank:
      return "ranked it";
  }
  return "";
}

std::string AmendmentText(const CapacityForm& from, const CapacityForm& to) {
  std::vector<std::string> parts;
  for (const FormChange& change : ChangesOf(from, to)) {
    parts.push_back(fmt::format("{} was {} and is {}", change.field, change.from, change.to));
  }
  return parts.empty() ? "" : fmt::format(": {}", fmt::join(parts, ", "));
}

absl::Status CheckReleaseEnd(const Preparation& preparation, const Grant& grant, int64_t end) {
  const int64_t first = std::max(grant.start_unix_seconds, HourOf(preparation.now_unix_seconds()));
  if (end % kSecondsPerHour == 0 && end >= first && end < grant.end_unix_seconds) {
    return absl::OkStatus();
  }
  return InvalidOrder(
      {{"end_unix_seconds",
        fmt::format("is {} ({}); expected a full hour from {} on, and before {}, when the grant "
                    "ends",
                    end, TimeText(end), TimeText(first), TimeText(grant.end_unix_seconds))}});
}

CapacityAnswer ReleaseGrant(const Preparation& preparation, const CapacityRequest& request,
                            int64_t end) {
  const Grant& grant = *request.grant;
  if (end == grant.end_unix_seconds) return NothingToDo();
  if (grant.end_unix_seconds <= preparation.now_unix_seconds()) {
    return Refused(absl::FailedPreconditionError(
        fmt::format("the grant of request '{}' ended at {}; there is nothing left to release",
                    request.form.request_id, TimeText(grant.end_unix_seconds))));
  }
  if (absl::Status status = CheckReleaseEnd(preparation, grant, end); !status.ok()) {
    return Refused(std::move(status));
  }
  CapacityEvent event = NewEvent(preparation, Action::kRelease, request);
  event.end_unix_seconds = end;
  return {.status = absl::OkStatus(), .events = {std::move(event)}};
}

// Of an order that has one reason, and needs it.
absl::Status CheckOneReason(const Preparation& preparation) {
  std::vector<Violation> violations;
  CheckReason(preparation.order.reason, ReasonIs::kRequired, "reason", &violations);
  return violations.empty() ? absl::OkStatus() : InvalidOrder(violations);
}

}  // namespace

int64_t Preparation::now_unix_seconds() const { return context.now_unix_nanos / kNanosPerSecond; }

const Plan& Preparation::plan() const { return context.reference.PlanAt(context.now_unix_nanos); }

CapacityAnswer Refused(absl::Status status) { return {.status = std::move(status), .events = {}}; }

CapacityAnswer NothingToDo() {
  return {.status = absl::OkStatus(), .nothing_to_do = true, .events = {}};
}

CapacityEvent NewEvent(const Preparation& preparation, Action action) {
  CapacityEvent event;
  event.number = preparation.book.last_number() + 1;
  event.at_unix_nanos = preparation.context.now_unix_nanos;
  event.action = action;
  event.identity = preparation.order.identity;
  event.reason = preparation.order.reason;
  return event;
}

CapacityEvent NewEvent(const Preparation& preparation, Action action,
                       const CapacityRequest& request) {
  CapacityEvent event = NewEvent(preparation, action);
  event.request_id = request.form.request_id;
  event.revision = request.revision + 1;
  return event;
}

void CheckReason(const std::string& reason, ReasonIs required, const std::string& field,
                 std::vector<Violation>* violations) {
  if (required == ReasonIs::kRequired && IsBlank(reason)) {
    violations->push_back({field, "is empty; expected why, since it is kept for ever"});
  } else if (auto fault = FaultOfText(reason)) {
    violations->push_back({field, *std::move(fault)});
  }
}

absl::Status InvalidOrder(const std::vector<Violation>& violations) {
  std::vector<std::string> lines;
  lines.reserve(violations.size());
  for (const Violation& each : violations) {
    lines.push_back(fmt::format("{}: {}", each.path, each.message));
  }
  return absl::InvalidArgumentError(fmt::format("{}", fmt::join(lines, "\n")));
}

absl::Status NoSuchRequest(const CapacityBook& book, std::string_view request_id) {
  std::vector<std::string> known;
  known.reserve(book.requests().size());
  for (const auto& [id, request] : book.requests()) known.push_back(id);
  return absl::NotFoundError(fmt::format("there is no request {}{}", Quoted(request_id),
                                         NamesHint(request_id, known, kMostNearest)));
}

std::string EventText(const CapacityEvent& event) {
  const std::string who = event.identity.empty() ? "somebody" : AsciiQuoted(event.identity);
  const std::string why =
      IsBlank(event.reason) ? "" : fmt::format(" (reason: {})", Quoted(event.reason));
  return fmt::format("{} {} at {}{}", who, DeedText(event),
                     TimeText(event.at_unix_nanos / kNanosPerSecond), why);
}

absl::Status ChangedMeanwhile(const CapacityRequest& request, int64_t revision) {
  std::vector<std::string> since;
  CapacityForm before;
  for (const CapacityEvent& event : request.events) {
    const bool has_form = event.action == Action::kSubmit || event.action == Action::kAmend;
    if (event.revision > revision) {
      since.push_back(EventText(event) + (has_form ? AmendmentText(before, event.form) : ""));
    }
    if (has_form) before = event.form;
  }
  std::string text = fmt::format("request '{}' is at revision {} and not at {}",
                                 request.form.request_id, request.revision, revision);
  if (!since.empty()) text += fmt::format("; since then {}", fmt::join(since, "; then "));
  return absl::AbortedError(text);
}

absl::Status DecidedBefore(const CapacityRequest& request, std::string_view hint) {
  std::string text = fmt::format("request '{}' is decided", request.form.request_id);
  for (const CapacityEvent& event : request.events) {
    const bool decides = event.action == Action::kGrant || event.action == Action::kDecline ||
                         event.action == Action::kWithdraw;
    if (decides) text += fmt::format(": {}", EventText(event));
  }
  return absl::FailedPreconditionError(fmt::format("{}; {}", text, hint));
}

CapacityAnswer PrepareWithdraw(const Preparation& preparation, const WithdrawOrder& withdraw) {
  if (absl::Status status = CheckOneReason(preparation); !status.ok()) {
    return Refused(std::move(status));
  }
  const CapacityRequest* request = preparation.book.Find(withdraw.request_id);
  if (request == nullptr) return Refused(NoSuchRequest(preparation.book, withdraw.request_id));
  if (request->withdrawn) return NothingToDo();
  if (request->decided()) {
    return Refused(DecidedBefore(*request, request->grant
                                               ? "a grant ends before its time by a release"
                                               : "there is nothing left to withdraw"));
  }
  return {.status = absl::OkStatus(),
          .events = {NewEvent(preparation, Action::kWithdraw, *request)}};
}

CapacityAnswer PrepareRelease(const Preparation& preparation, const ReleaseOrder& release) {
  if (absl::Status status = CheckOneReason(preparation); !status.ok()) {
    return Refused(std::move(status));
  }
  const CapacityRequest* request = preparation.book.Find(release.request_id);
  if (request == nullptr) return Refused(NoSuchRequest(preparation.book, release.request_id));
  if (!request->grant) {
    return Refused(absl::FailedPreconditionError(fmt::format(
        "request '{}' has no grant; there is nothing to release", request->form.request_id)));
  }
  return ReleaseGrant(preparation, *request, release.end_unix_seconds);
}

CapacityAnswer Prepare(const CapacityOrder& order, const CapacityBook& book,
                       const OrderContext& context) {
  const Preparation preparation = {.order = order, .book = book, .context = context};
  if (const auto* submit = std::get_if<SubmitOrder>(&order.what)) {
    return PrepareSubmit(preparation, *submit);
  }
  if (const auto* withdraw = std::get_if<WithdrawOrder>(&order.what)) {
    return PrepareWithdraw(preparation, *withdraw);
  }
  if (const auto* rank = std::get_if<RankOrder>(&order.what)) {
    return PrepareRank(preparation, *rank);
  }
  if (const auto* decide = std::get_if<DecideOrder>(&order.what)) {
    return PrepareDecide(preparation, *decide);
  }
  return PrepareRelease(preparation, std::get<ReleaseOrder>(order.what));
}

}  // namespace fleetmeter::capacity
