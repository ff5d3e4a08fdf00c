#include "daemon/accounting/signal_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

// What is left of what a sender has brought: one is forgiven every hour. A clock that was set back
// forgives nothing.
int64_t LeftOf(int64_t signals, int64_t as_of_unix_nanos, int64_t now_unix_nanos) {
  const int64_t hours = std::max<int64_t>(0, now_unix_nanos - as_of_unix_nanos) / kHour;
  return std::max<int64_t>(0, signals - hours);
}

}  // namespace

bool SignalBudget::HasOverflow(const UsageReport& report) {
  return std::any_of(report.groups.begin(), report.groups.end(),
                     [](const UsageGroup& group) { return group.signal == kOverflow; });
}

int64_t SignalBudget::RoomFor(const std::string& sender, int64_t now_unix_nanos) const {
  int64_t brought = 0;
  if (const auto found = senders_.find(sender); found != senders_.end()) {
    brought = LeftOf(found->second.signals, found->second.as_of_unix_nanos, now_unix_nanos);
  }
  brought += std::count_if(staged_.begin(), staged_.end(),
                           [&](const NewSignal& added) { return added.sender == sender; });
  return kMostNew - brought;
}

bool SignalBudget::IsStaged(const std::string& signal) const {
  return std::any_of(staged_.begin(), staged_.end(),
                     [&](const NewSignal& added) { return added.signal == signal; });
}

std::optional<Rejection> SignalBudget::Stage(const std::string& sender, int64_t now_unix_nanos,
                                             const absl::flat_hash_set<std::string>& known,
                                             UsageReport& report) {
  std::vector<NewSignal> added;
  std::vector<size_t> beyond;  // groups whose signal is one too many for the books
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const std::string& signal = report.groups[i].signal;
    if (signal.empty() || known.contains(signal) || signal == kOverflow || IsStaged(signal)) {
      continue;
    }
    if (std::any_of(added.begin(), added.end(),
                    [&](const NewSignal& other) { return other.signal == signal; })) {
      continue;
    }
    if (known.size() + staged_.size() + added.size() >= kMostKnown) {
      beyond.push_back(i);
      continue;
    }
    added.push_back({sender, signal, now_unix_nanos});
    if (static_cast<int64_t>(added.size()) <= RoomFor(sender, now_unix_nanos)) continue;
    return Rejection{
        RejectReason::kTooManySignals, fmt::format("groups[{}].signal", i),
        fmt::format(
            "{} would be one new signal too many of {}; expected at most {} that were never "
            "counted before, and one more every hour: a signal says what measures, not what "
            "is measured",
            Quoted(signal), Quoted(sender), kMostNew)};
  }
  for (const size_t group : beyond) report.groups[group].signal = kOverflow;
  std::move(added.begin(), added.end(), std::back_inserter(staged_));
  return std::nullopt;
}

void SignalBudget::Commit() {
  for (const NewSignal& added : staged_) {
    Brought& brought = senders_[added.sender];
    const int64_t left = LeftOf(brought.signals, brought.as_of_unix_nanos, added.at_unix_nanos);
    // The part of an hour that has passed still counts.
    const int64_t forgiven = brought.signals - left;
    brought.as_of_unix_nanos =
        left == 0 ? added.at_unix_nanos : brought.as_of_unix_nanos + forgiven * kHour;
    brought.signals = left + 1;
  }
  staged_.clear();
}

}  // namespace fleetmeter
