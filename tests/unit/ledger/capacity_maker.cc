#include "tests/unit/ledger/capacity_maker.h"

#include <array>
#include <iterator>
#include <optional>

#include "daemon/base/units.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {

using capacity::Action;
using capacity::CapacityBook;
using capacity::CapacityEvent;
using capacity::CapacityForm;
using capacity::CapacityRequest;

namespace {

constexpr int64_t kFirstStart = 1'775'001'600;  // 2026-04-01

}  // namespace

std::string CapacityMaker::Text() {
  static constexpr std::array<const char*, 6> kTexts = {"",
                                                        "for the launch",
                                                        "two\nlines\tand a tab",
                                                        "it's \"quoted\"; DROP TABLE x",
                                                        "für Öl und 容量 🚀",
                                                        "-- 0"};
  return kTexts[static_cast<size_t>(Pick(kTexts.size()))];
}

CapacityForm CapacityMaker::Form(const std::string& id) {
  CapacityForm form{.request_id = id,
                    .pool = fmt::format("pool-{}", Pick(3)),
                    .team = fmt::format("team-{}", Pick(2)),
                    .chip = "half",
                    .chips = 1 + Pick(1'000),
                    .cores = std::nullopt,
                    .start_unix_seconds = kFirstStart + Pick(1'000) * kSecondsPerHour,
                    .hours = 1 + Pick(2'000),
                    .workload = fmt::format("job-{}", Pick(20)),
                    .workload_type = Text(),
                    .model = Text(),
                    .run = Text(),
                    .nature = capacity::kNatures[static_cast<size_t>(Pick(3))],
                    .goal = Text(),
                    .roi = std::nullopt,
                    .beyond_allocation = Pick(2) == 0,
                    .trade_off = Text(),
                    .note = Text()};
  if (Pick(2) == 0) form.cores = Pick(5'000);
  if (Pick(2) == 0) {
    form.roi = {.gain = Pick(2) == 0 ? capacity::Gain::kRevenue : capacity::Gain::kEfficiency,
                .expected_micro_usd = Pick(1'000'000'000'000),
                .low_micro_usd = -Pick(1'000'000'000'000),
                .high_micro_usd = Pick(1'000'000'000'000),
                .confidence_basis_points = Pick(10'001),
                .expected_by_unix_seconds = kFirstStart + Pick(400) * kSecondsPerDay};
  }
  return form;
}

void CapacityMaker::Submit(const CapacityBook& book, CapacityEvent* event) {
  event->action = Action::kSubmit;
  event->request_id = fmt::format("request-{}", book.requests().size());
  event->revision = 1;
  event->form = Form(event->request_id);
  event->worth = {.micro_h100e = Pick(1'000'000'000), .catalog_version = 1 + Pick(9)};
}

void CapacityMaker::Rank(CapacityEvent* event) {
  event->action = Action::kRank;
  event->pool = fmt::format("pool-{}", Pick(3));
  event->nature = capacity::kNatures[static_cast<size_t>(Pick(3))];
  for (int64_t i = Pick(4); i > 0; --i) event->workloads.push_back(fmt::format("job-{}", i));
}

void CapacityMaker::Decide(const CapacityBook& book, const CapacityRequest& request,
                           CapacityEvent* event) {
  event->decision = book.last_decision() + 1;
  event->action = Pick(2) == 0 ? Action::kGrant : Action::kDecline;
  if (event->action == Action::kDecline) return;
  event->granted_chips = 1 + Pick(request.form.chips);
  event->start_unix_seconds = request.form.start_unix_seconds;
  event->end_unix_seconds = request.form.end_unix_seconds();
  event->worth = {.micro_h100e = Pick(1'000'000'000), .catalog_version = 1 + Pick(9)};
}

bool CapacityMaker::Change(const CapacityBook& book, const CapacityRequest& request,
                           CapacityEvent* event) {
  event->request_id = request.form.request_id;
  event->revision = request.revision + 1;
  if (request.grant && Pick(2) == 0) {
    event->action = Action::kRelease;
    event->end_unix_seconds = request.grant->start_unix_seconds;
    return true;
  }
  if (request.decided()) return false;
  if (Pick(2) == 0) {
    event->action = Action::kAmend;
    event->form = Form(event->request_id);
    event->worth = {.micro_h100e = 7, .catalog_version = 7};
  } else if (Pick(4) == 0) {
    event->action = Action::kWithdraw;
  } else {
    Decide(book, request, event);
  }
  return true;
}

CapacityEvent CapacityMaker::After(const CapacityBook& book, int64_t now_unix_nanos) {
  CapacityEvent event;
  event.number = book.last_number() + 1;
  event.at_unix_nanos = now_unix_nanos + event.number;
  event.identity = fmt::format("spiffe://example.org/people/{}", Pick(3));
  event.reason = Text();
  const int64_t what = Pick(8);
  if (what == 0) {
    Rank(&event);
    return event;
  }
  const auto& requests = book.requests();
  if (what < 6 && !requests.empty()) {
    const auto at = std::next(requests.begin(), Pick(static_cast<int64_t>(requests.size())));
    CapacityEvent changed = event;
    if (Change(book, *at->second, &changed)) return changed;
  }
  Submit(book, &event);
  return event;
}

std::vector<CapacityEvent> CapacityMaker::Next(int64_t now_unix_nanos) {
  std::vector<CapacityEvent> events;
  CapacityBook book = book_;
  for (int64_t i = Pick(6); i > 0; --i) {
    events.push_back(After(book, now_unix_nanos));
    book.Apply(events.back());
  }
  return events;
}

void CapacityMaker::Committed(const std::vector<CapacityEvent>& events) {
  for (const CapacityEvent& event : events) book_.Apply(event);
  events_.insert(events_.end(), events.begin(), events.end());
}

std::string TextOf(const CapacityEvent& e) {
  const CapacityForm& f = e.form;
  std::string text =
      fmt::format("capacity {}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
                  e.number, e.at_unix_nanos, capacity::Name(e.action), e.identity, e.reason,
                  e.request_id, e.revision, f.pool, f.team, f.chip, f.chips, f.cores.value_or(-1),
                  f.start_unix_seconds, f.hours, f.workload, f.workload_type, f.model, f.run,
                  capacity::Name(f.nature), f.goal, f.beyond_allocation, f.trade_off, f.note);
  if (f.roi) {
    text += fmt::format("|{}|{}|{}|{}|{}|{}", capacity::Name(f.roi->gain),
                        f.roi->expected_micro_usd, f.roi->low_micro_usd, f.roi->high_micro_usd,
                        f.roi->confidence_basis_points, f.roi->expected_by_unix_seconds);
  }
  return text + fmt::format("|{}|{}|{}|{}|{}|{}|{}|{}|{}\n", e.worth.micro_h100e,
                            e.worth.catalog_version, e.granted_chips, e.start_unix_seconds,
                            e.end_unix_seconds, e.decision, e.pool, capacity::Name(e.nature),
                            fmt::join(e.workloads, ","));
}

}  // namespace fleetmeter
