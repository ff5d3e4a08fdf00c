// Decisions about requests, all of them or none.
#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/check_commitments.h"
#include "daemon/domain/capacity/people_text.h"
#include "daemon/domain/capacity/prepare_order.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::capacity {
namespace {

constexpr size_t kMostDecisions = 10'000;
constexpr size_t kMostExplained = 5;

// The last decision about a request; it has been decided, and was not withdrawn.
const CapacityEvent* DecisionOf(const CapacityRequest& request) {
  const auto found =
      std::find_if(request.events.rbegin(), request.events.rend(), [](const CapacityEvent& event) {
        return event.action == Action::kGrant || event.action == Action::kDecline;
      });
  return found == request.events.rend() ? nullptr : &*found;
}

// Decides one order; lives for one call.
class Decider {
 public:
  Decider(const Preparation& preparation, const DecideOrder& decide)
      : preparation_(preparation), decide_(decide) {}

  CapacityAnswer Run() {
    CheckAll();
    for (size_t i = 0; i < decide_.decisions.size() && violations_.empty(); ++i) {
      DecideOne(decide_.decisions[i]);
    }
    if (!violations_.empty()) return Refused(InvalidOrder(violations_));
    if (!faults_.empty()) return Refused(AllFaults());
    if (events_.empty()) return NothingToDo();
    if (absl::Status status = CheckSums(); !status.ok()) return Refused(std::move(status));
    return {.status = absl::OkStatus(), .events = std::move(events_)};
  }

 private:
  void Complain(std::string field, std::string message) {
    violations_.push_back({std::move(field), std::move(message)});
  }

  static std::string FieldOf(size_t index, std::string_view field) {
    return fmt::format("decisions[{}].{}", index, field);
  }

  // What can be said of them without the time.
  void CheckAll() {
    const std::vector<Decision>& decisions = decide_.decisions;
    if (decisions.empty()) Complain("decisions", "are none; expected at least one");
    if (decisions.size() > kMostDecisions) {
      return Complain("decisions",
                      fmt::format("are {}; expected at most {}", decisions.size(), kMostDecisions));
    }
    if (!preparation_.order.reason.empty()) {
      CheckReason(preparation_.order.reason, ReasonIs::kOptional, "reason", &violations_);
    }
    std::set<std::string_view> seen;
    for (size_t i = 0; i < decisions.size(); ++i) {
      if (!seen.insert(decisions[i].request_id).second) {
        Complain(FieldOf(i, "request_id"),
                 fmt::format("is {} for the second time; expected each request once",
                             Quoted(decisions[i].request_id)));
      }
      CheckDecision(i, decisions[i]);
    }
  }

  void CheckDecision(size_t i, const Decision& decision) {
    if (IsBlank(decision.reason) && IsBlank(preparation_.order.reason)) {
      Complain(FieldOf(i, "reason"),
               "is empty, and so is that of all; expected why, since it is kept for ever");
    }
    CheckReason(decision.reason, ReasonIs::kOptional, FieldOf(i, "reason"), &violations_);
    const CapacityRequest* request = preparation_.book.Find(decision.request_id);
    if (request == nullptr) return;
    // Of another revision, that it was changed is what matters.
    const bool is_of_this = !decision.revision || *decision.revision == request->revision;
    if (is_of_this) CheckAmounts(i, decision, request->form);
  }

  void CheckAmounts(size_t i, const Decision& decision, const CapacityForm& form) {
    if (decision.chips < 0 || decision.chips > form.chips) {
      Complain(FieldOf(i, "chips"),
               fmt::format("is {} for request '{}'; expected 0 to decline it, up to the {} that "
                           "were asked for",
                           decision.chips, form.request_id, form.chips));
    }
    if (decision.chips == 0 && (decision.start_unix_seconds || decision.hours)) {
      Complain(FieldOf(i, decision.hours ? "hours" : "start_unix_seconds"),
               "is set, and chips is 0; expected no time, since the request is declined");
    }
    if (decision.hours && (*decision.hours < 1 || *decision.hours > form.hours)) {
      Complain(FieldOf(i, "hours"),
               fmt::format("is {} for request '{}'; expected 1 up to the {} that were asked for",
                           *decision.hours, form.request_id, form.hours));
    }
    if (decision.start_unix_seconds) CheckStart(i, *decision.start_unix_seconds, form);
  }

  void CheckStart(size_t i, int64_t start, const CapacityForm& form) {
    const int64_t last = HourOf(preparation_.now_unix_seconds()) + kMostHours * kSecondsPerHour;
    if (start >= 0 && start <= last && start % kSecondsPerHour == 0) return;
    Complain(FieldOf(i, "start_unix_seconds"),
             fmt::format("is {} ({}) for request '{}'; expected a full hour of UTC, at most three "
                         "years ahead",
                         start, TimeText(start), form.request_id));
  }

  void DecideOne(const Decision& decision) {
    const CapacityRequest* request = preparation_.book.Find(decision.request_id);
    if (request == nullptr) return ComplainOfUnknown(decision.request_id);
    const CapacityEvent event = EventOf(decision, *request);
    if (request->decided()) return CheckSame(*request, event);
    if (decision.revision && *decision.revision != request->revision) {
      faults_.push_back(ChangedMeanwhile(*request, *decision.revision));
      return;
    }
    if (absl::Status status = CheckTime(event, request->form); !status.ok()) {
      faults_.push_back(std::move(status));
      return;
    }
    events_.push_back(event);
  }

  // To look for the nearest of thousands would take long, and the writer has other work.
  void ComplainOfUnknown(const std::string& request_id) {
    faults_.push_back(
        unknown_++ < kMostExplained
            ? NoSuchRequest(preparation_.book, request_id)
            : absl::NotFoundError(fmt::format("there is no request {}", Quoted(request_id))));
  }

  CapacityEvent EventOf(const Decision& decision, const CapacityRequest& request) const {
    const CapacityForm& form = request.form;
    CapacityEvent event =
        NewEvent(preparation_, decision.chips == 0 ? Action::kDecline : Action::kGrant, request);
    event.number += static_cast<int64_t>(events_.size());
    event.decision = preparation_.book.last_decision() + 1;
    if (!IsBlank(decision.reason)) event.reason = decision.reason;
    if (event.action == Action::kDecline) return event;
    event.granted_chips = decision.chips;
    event.start_unix_seconds = decision.start_unix_seconds.value_or(form.start_unix_seconds);
    event.end_unix_seconds =
        Saturated(absl::int128(decision.hours.value_or(form.hours)) * kSecondsPerHour +
                  event.start_unix_seconds);
    event.worth = WorthOf(preparation_.context.reference.catalog, form.chip, decision.chips,
                          form.workload_type, event.start_unix_seconds);
    return event;
  }

  void CheckSame(const CapacityRequest& request, const CapacityEvent& event) {
    const CapacityEvent* before = DecisionOf(request);
    const bool same = before != nullptr && before->action == event.action &&
                      before->granted_chips == event.granted_chips &&
                      before->start_unix_seconds == event.start_unix_seconds &&
                      before->end_unix_seconds == event.end_unix_seconds &&
                      before->reason == event.reason;
    if (!same) faults_.push_back(DecidedBefore(request, "a request is decided once"));
  }

  // Of a grant that is new.
  absl::Status CheckTime(const CapacityEvent& event, const CapacityForm& form) const {
    if (event.action == Action::kDecline) return absl::OkStatus();
    const int64_t now = preparation_.now_unix_seconds();
    const int64_t first = std::min(form.start_unix_seconds, HourOf(now));
    if (event.start_unix_seconds < first) {
      return absl::InvalidArgumentError(
          fmt::format("request '{}' would be granted from {}, which is over; expected {} or later",
                      form.request_id, TimeText(event.start_unix_seconds), TimeText(first)));
    }
    if (event.end_unix_seconds <= now) {
      return absl::InvalidArgumentError(fmt::format(
          "request '{}' would be granted until {}, which is over; expected a start with which its "
          "time is still to come",
          form.request_id, TimeText(event.end_unix_seconds)));
    }
    if (preparation_.context.reference.catalog.Find(form.chip) != nullptr) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "request '{}' is for {}, which catalog version {} does not have any more", form.request_id,
        Quoted(form.chip), preparation_.context.reference.catalog.version()));
  }

  // Every fault on a line of its own, with the code of the first.
  absl::Status AllFaults() const {
    std::vector<std::string> lines;
    for (const absl::Status& fault : faults_) lines.emplace_back(fault.message());
    return absl::Status(faults_.front().code(), fmt::format("{}", fmt::join(lines, "\n")));
  }

  absl::Status CheckSums() const {
    std::vector<Commitment> commitments = CommitmentsOf(preparation_.book);
    for (const CapacityEvent& event : events_) {
      if (event.action != Action::kGrant) continue;
      const CapacityForm& form = preparation_.book.Find(event.request_id)->form;
      commitments.push_back({.pool = form.pool,
                             .request_id = form.request_id,
                             .decided_unix_nanos = event.at_unix_nanos,
                             .from_unix_seconds = event.start_unix_seconds,
                             .to_unix_seconds = event.end_unix_seconds,
                             .micro_h100e = event.worth.micro_h100e,
                             .beyond = form.beyond_allocation,
                             .added = true});
    }
    return CheckAdded(commitments, preparation_.context.reference, preparation_.now_unix_seconds());
  }

  const Preparation& preparation_;
  const DecideOrder& decide_;
  std::vector<Violation> violations_;
  std::vector<absl::Status> faults_;
  size_t unknown_ = 0;
  std::vector<CapacityEvent> events_;
};

}  // namespace

CapacityAnswer PrepareDecide(const Preparation& preparation, const DecideOrder& decide) {
  return Decider(preparation, decide).Run();
}

}  // namespace fleetmeter::capacity
