#include "daemon/accounting/capacity_limits.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter {

using capacity::Action;
using capacity::CapacityBook;
using capacity::CapacityEvent;
using capacity::CapacityForm;

namespace {

int64_t DayOfEvent(const CapacityEvent& event) { return event.at_unix_nanos / kDay; }

size_t TextBytesOf(const CapacityEvent& event) {
  const CapacityForm& form = event.form;
  size_t bytes =
      event.identity.size() + event.reason.size() + event.request_id.size() + event.pool.size();
  for (const std::string* text :
       {&form.pool, &form.team, &form.chip, &form.workload, &form.workload_type, &form.model,
        &form.run, &form.goal, &form.trade_off, &form.note}) {
    bytes += text->size();
  }
  for (const std::string& workload : event.workloads) bytes += workload.size();
  return bytes;
}

absl::Status CheckSize(const CapacityEvent& event) {
  if (event.workloads.size() > CapacityLimits::kMostRanked) {
    return absl::InvalidArgumentError(fmt::format("{} workloads are ranked; expected at most {}",
                                                  event.workloads.size(),
                                                  CapacityLimits::kMostRanked));
  }
  const size_t bytes = TextBytesOf(event);
  if (bytes <= CapacityLimits::kMostTextBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("all of the text is {} bytes; expected at most {}",
                                                bytes, CapacityLimits::kMostTextBytes));
}

absl::Status CheckRevision(const CapacityEvent& event) {
  const int64_t most = event.action == Action::kAmend ? CapacityLimits::kMostAmended
                                                      : CapacityLimits::kMostEventsOfRequest;
  if (event.revision <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("request {} was changed {} times; expected at most {}: withdraw it and submit "
                  "another one",
                  Quoted(event.request_id), event.revision - 1, most - 1));
}

bool IsOpen(const capacity::CapacityRequest& request, int64_t unix_seconds) {
  return !request.decided() && unix_seconds < request.form.end_unix_seconds();
}

absl::Status TooManyOpen(std::string_view whose, size_t most) {
  return absl::ResourceExhaustedError(
      fmt::format("{} {} undecided requests; expected at most so many: withdraw some, or have some "
                  "decided",
                  whose, most));
}

// Whether there is a place for one more beside all others. An order asks for one at most.
absl::Status CheckOpen(const CapacityBook& book, const CapacityEvent& asked) {
  const int64_t now = asked.at_unix_nanos / kNanosPerSecond;
  size_t open = 0;
  size_t of_team = 0;
  for (const auto& [id, request] : book.requests()) {
    if (id == asked.request_id || !IsOpen(*request, now)) continue;
    ++open;
    of_team += request->form.team == asked.form.team ? 1 : 0;
  }
  if (of_team >= CapacityLimits::kMostOpenOfTeam) {
    return TooManyOpen(fmt::format("team {} has", Quoted(asked.form.team)),
                       CapacityLimits::kMostOpenOfTeam);
  }
  if (open < CapacityLimits::kMostOpen) return absl::OkStatus();
  return TooManyOpen("there are", CapacityLimits::kMostOpen);
}

}  // namespace

absl::Status CapacityLimits::Check(const CapacityBook& book,
                                   const std::vector<CapacityEvent>& events) const {
  for (const CapacityEvent& event : events) {
    absl::Status status = CheckSize(event);
    if (status.ok()) status = CheckRevision(event);
    const bool asks = event.action == Action::kSubmit || event.action == Action::kAmend;
    if (status.ok() && asks) status = CheckOpen(book, event);
    if (!status.ok()) return status;
  }
  return CheckDay(events);
}

absl::Status CapacityLimits::CheckDay(const std::vector<CapacityEvent>& events) const {
  if (events.empty()) return absl::OkStatus();
  const CapacityEvent& first = events.front();
  Caused caused;
  const auto before = caused_.find(first.identity);
  if (before != caused_.end() && DayOfEvent(first) <= day_) caused = before->second;
  for (const CapacityEvent& event : events) {
    ++caused.events;
    caused.text_bytes += TextBytesOf(event);
  }
  if (caused.events <= kMostEventsADay && caused.text_bytes <= kMostTextBytesADay) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      fmt::format("{} would have caused {} events of requests with {} bytes of text since midnight "
                  "UTC; expected at most {} with {}: try again tomorrow",
                  AsciiQuoted(first.identity), caused.events, caused.text_bytes, kMostEventsADay,
                  kMostTextBytesADay));
}

void CapacityLimits::Note(const CapacityEvent& event) {
  if (DayOfEvent(event) > day_) {
    day_ = DayOfEvent(event);
    caused_.clear();
  }
  Caused& caused = caused_[event.identity];
  ++caused.events;
  caused.text_bytes += TextBytesOf(event);
}

}  // namespace fleetmeter
