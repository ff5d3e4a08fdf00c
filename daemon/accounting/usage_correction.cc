#include "daemon/accounting/usage_correction.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/digest.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/ledger/postings.h"
#include "daemon/ledger/sqlite/staged_ids.h"

namespace fleetmeter {
namespace {

// What tells uses of chips apart.
using UseNames = std::tuple<ChipState, std::string, std::string, std::string, std::string,
                            std::string, std::string, std::string, std::string>;

UseNames NamesOfUse(const UsageGroup& g) {
  return {g.state, g.chip, g.pool, g.team, g.workload, g.workload_type, g.model, g.run, g.signal};
}

UsageGroup GroupOf(const UseNames& names) {
  UsageGroup group;
  std::tie(group.state, group.chip, group.pool, group.team, group.workload, group.workload_type,
           group.model, group.run, group.signal) = names;
  return group;
}

TimeSpan SpanOfWindow(const UsageReport& report) {
  return {report.window_start_unix_nanos, report.WindowEnd()};
}

bool Within(const TimeSpan& inner, const TimeSpan& outer) {
  return outer.start_unix_nanos <= inner.start_unix_nanos &&
         inner.end_unix_nanos <= outer.end_unix_nanos;
}

// By hour and names. An hour and a use that both have in the same amount differ in nothing.
using HourAmounts = std::map<std::pair<int64_t, UseNames>, UsageAmounts>;

absl::Status AddTo(const std::vector<UsageGroup>& groups, TimeSpan span, HourAmounts* sums) {
  const int64_t length = span.end_unix_nanos - span.start_unix_nanos;
  const auto slices = SliceByHour(span.start_unix_nanos, length);
  if (!slices.ok()) return slices.status();
  for (const UsageGroup& group : groups) {
    const auto amounts = AmountsOf(group);
    if (!amounts.ok()) return amounts.status();
    for (const HourSlice& slice : *slices) {
      (*sums)[{slice.hour_start, NamesOfUse(group)}] += PartIn(slice, *amounts, length);
    }
  }
  return absl::OkStatus();
}

// What overlaps one another, of what is told and of what is booked.
struct Stretch {
  std::vector<size_t> told;
  std::vector<size_t> booked;
  int64_t end = 0;
};

TimeSpan HullOf(const std::vector<TimeSpan>& spans) {
  TimeSpan hull = spans.front();
  for (const TimeSpan& span : spans) {
    hull.start_unix_nanos = std::min(hull.start_unix_nanos, span.start_unix_nanos);
    hull.end_unix_nanos = std::max(hull.end_unix_nanos, span.end_unix_nanos);
  }
  return hull;
}

class Planner {
 public:
  Planner(const UsageTold& told, const UsageBooks& books, const BookAsNow& book)
      : told_(told), books_(books), book_(book) {
    if (books.counted != nullptr) plan_.restated.windows = *books.counted;
    plan_.standings.assign(told.reports.size(), UsageStanding::kUnchanged);
  }

  absl::StatusOr<UsageCorrection> Plan() {
    if (absl::Status checked = Check(); !checked.ok()) return checked;
    for (const Stretch& stretch : Stretches()) {
      if (absl::Status compared = Compare(stretch); !compared.ok()) return compared;
    }
    Finish();
    return std::move(plan_);
  }

 private:
  absl::Status Check() const {
    std::vector<const UsageReport*> order;
    for (const UsageReport& report : told_.reports) {
      order.push_back(&report);
      if (report.source == told_.source) continue;
      return absl::InvalidArgumentError(fmt::format("a report is of source {}; expected {}",
                                                    Quoted(report.source), Quoted(told_.source)));
    }
    std::sort(order.begin(), order.end(), [](const UsageReport* a, const UsageReport* b) {
      return a->window_start_unix_nanos < b->window_start_unix_nanos;
    });
    for (size_t i = 1; i < order.size(); ++i) {
      if (order[i]->window_start_unix_nanos >= order[i - 1]->WindowEnd()) continue;
      return absl::InvalidArgumentError(fmt::format(
          "the window that starts at {} overlaps the one before it; expected windows that do not",
          UtcText(order[i]->window_start_unix_nanos)));
    }
    return absl::OkStatus();
  }

  std::vector<Stretch> Stretches() const {
    struct Item {
      TimeSpan span;
      bool told;
      size_t index;
    };
    std::vector<Item> items;
    for (size_t i = 0; i < told_.reports.size(); ++i) {
      items.push_back({SpanOfWindow(told_.reports[i]), true, i});
    }
    for (size_t i = 0; i < books_.windows.size(); ++i) {
      items.push_back({books_.windows[i].span(), false, i});
    }
    std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
      return std::tie(a.span.start_unix_nanos, a.told, a.index) <
             std::tie(b.span.start_unix_nanos, b.told, b.index);
    });
    std::vector<Stretch> stretches;
    for (const Item& item : items) {
      if (stretches.empty() || item.span.start_unix_nanos >= stretches.back().end) {
        stretches.emplace_back();
      }
      Stretch& stretch = stretches.back();
      (item.told ? stretch.told : stretch.booked).push_back(item.index);
      stretch.end = std::max(stretch.end, item.span.end_unix_nanos);
    }
    return stretches;
  }

  absl::Status Compare(const Stretch& stretch) {
    if (stretch.booked.empty()) {
      const bool counted = books_.counted != nullptr && !books_.counted->empty() &&
                           books_.counted->Overlaps(SpanOfWindow(told_.reports[stretch.told[0]]));
      Mark(stretch, counted ? UsageStanding::kPartial : UsageStanding::kNew);
      return absl::OkStatus();
    }
    if (!IsComparable(stretch)) {
      Mark(stretch, UsageStanding::kPartial);
      return absl::OkStatus();
    }
    HourAmounts before;
    HourAmounts after;
    for (const size_t index : stretch.booked) {
      const HistoryWindow& window = books_.windows[index];
      if (absl::Status s = AddTo(window.groups, window.span(), &before); !s.ok()) return s;
    }
    for (const size_t index : stretch.told) {
      const UsageReport& report = told_.reports[index];
      if (absl::Status s = AddTo(report.groups, SpanOfWindow(report), &after); !s.ok()) return s;
    }
    if (!AddChanges(before, after)) return absl::OkStatus();
    Mark(stretch, UsageStanding::kChanged);
    return Restate(stretch);
  }

  // Whether what is told stands for all that the books have of the stretch.
  bool IsComparable(const Stretch& stretch) const {
    std::vector<TimeSpan> booked;
    std::vector<TimeSpan> used;  // of them, in which something was
    for (const size_t index : stretch.booked) {
      booked.push_back(books_.windows[index].span());
      if (!books_.windows[index].groups.empty()) used.push_back(booked.back());
    }
    const bool covered = told_.covers && (used.empty() || Within(HullOf(used), *told_.covers));
    if (stretch.told.empty()) return covered;
    std::vector<TimeSpan> told;
    for (const size_t index : stretch.told) told.push_back(SpanOfWindow(told_.reports[index]));
    if (!covered && !used.empty() && !Within(HullOf(used), HullOf(told))) return false;
    return std::none_of(told.begin(), told.end(),
                        [&](const TimeSpan& span) { return HasOtherTime(span, booked); });
  }

  // Whether some of the span was counted, but not by the windows, which are in the order of time.
  bool HasOtherTime(const TimeSpan& span, const std::vector<TimeSpan>& booked) const {
    if (books_.counted == nullptr || books_.counted->empty()) return false;
    int64_t from = span.start_unix_nanos;
    const auto counted = [&](int64_t to) {
      return from < to && books_.counted->Overlaps({from, to});
    };
    for (const TimeSpan& window : booked) {
      if (counted(std::min(window.start_unix_nanos, span.end_unix_nanos))) return true;
      from = std::max(from, window.end_unix_nanos);
    }
    return counted(span.end_unix_nanos);
  }

  void Mark(const Stretch& stretch, UsageStanding standing) {
    for (const size_t index : stretch.told) plan_.standings[index] = standing;
  }

  // Adds up by the day what differs in any hour. False: nothing does.
  bool AddChanges(const HourAmounts& before, const HourAmounts& after) {
    bool any = false;
    const auto take = [&](const HourAmounts& sums, const HourAmounts& others, bool is_after) {
      for (const auto& [key, amounts] : sums) {
        const auto other = others.find(key);
        const UsageAmounts theirs = other == others.end() ? UsageAmounts{} : other->second;
        if (amounts == theirs) continue;
        any = true;
        UsageChange& change = changes_[{DayOf(key.first), key.second}];
        (is_after ? change.chips_after : change.chips_before) += amounts.chips;
        (is_after ? change.busy_after : change.busy_before) += amounts.busy;
      }
    };
    take(before, after, false);
    take(after, before, true);
    return any;
  }

  absl::Status Restate(const Stretch& stretch) {
    std::map<UseNames, std::pair<const BookConversion*, const GroupTerms*>> as_booked;
    for (const size_t index : stretch.booked) {
      const HistoryWindow& window = books_.windows[index];
      plan_.restated.taken.push_back(window);
      for (size_t i = 0; i < window.groups.size(); ++i) {
        as_booked.try_emplace(NamesOfUse(window.groups[i]), &window.conversions[i],
                              &window.terms[i]);
      }
    }
    const HistoryWindow& first = books_.windows[stretch.booked.front()];
    for (const size_t index : stretch.told) {
      auto window = book_(told_.reports[index]);
      if (!window.ok()) return window.status();
      window->plan = first.plan;
      window->plan_version = first.plan_version;
      for (size_t i = 0; i < window->groups.size(); ++i) {
        const auto found = as_booked.find(NamesOfUse(window->groups[i]));
        if (found == as_booked.end()) continue;
        window->conversions[i] = *found->second.first;
        window->terms[i] = *found->second.second;
      }
      plan_.restated.windows.Merge(WindowSet(window->span(), {}));
      plan_.restated.booked.push_back(*std::move(window));
    }
    KeepEmptyTime(stretch);
    plan_.windows += static_cast<int64_t>(std::max(stretch.told.size(), stretch.booked.size()));
    return absl::OkStatus();
  }

  // Nothing was in the time that windows of the books had and none that is told has: it stays as
  // time that was told of.
  void KeepEmptyTime(const Stretch& stretch) {
    for (const size_t index : stretch.booked) {
      const TimeSpan booked = books_.windows[index].span();
      int64_t from = booked.start_unix_nanos;
      for (const size_t place : stretch.told) {  // in the order of time
        const TimeSpan told = SpanOfWindow(told_.reports[place]);
        KeepEmpty(index, {from, std::min(told.start_unix_nanos, booked.end_unix_nanos)});
        from = std::max(from, told.end_unix_nanos);
      }
      KeepEmpty(index, {from, booked.end_unix_nanos});
    }
  }

  void KeepEmpty(size_t index, TimeSpan span) {
    if (span.start_unix_nanos >= span.end_unix_nanos) return;
    const HistoryWindow& window = books_.windows[index];
    plan_.restated.booked.push_back({.source = window.source,
                                     .start_unix_nanos = span.start_unix_nanos,
                                     .length_nanos = span.end_unix_nanos - span.start_unix_nanos,
                                     .groups = {},
                                     .conversions = {},
                                     .terms = {},
                                     .plan = window.plan,
                                     .plan_version = window.plan_version});
  }

  void Finish() {
    for (auto& [key, change] : changes_) {
      change.day = key.first;
      change.group = GroupOf(key.second);
      plan_.chip_nanos += change.chips_after - change.chips_before;
      plan_.busy_chip_nanos += change.busy_after - change.busy_before;
      plan_.changes.push_back(change);
    }
    plan_.digest = Digest();
  }

  // Of all that is taken out, and of all that is booked.
  uint64_t Digest() const {
    if (plan_.restated.empty()) return 0;
    KeyBuilder key;
    for (const HistoryWindow& window : plan_.restated.taken) AddKey(window, &key);
    key.Add(std::string_view("booked"));
    for (const HistoryWindow& window : plan_.restated.booked) AddKey(window, &key);
    return Digest64(key.Take());
  }

  static void AddKey(const HistoryWindow& window, KeyBuilder* key) {
    key->Add(window.row).Add(window.start_unix_nanos).Add(window.length_nanos);
    key->Add(std::string_view(window.plan)).Add(window.plan_version);
    for (size_t i = 0; i < window.groups.size(); ++i) {
      const UsageGroup& g = window.groups[i];
      key->Add(static_cast<int64_t>(g.state));
      for (const std::string* name : {&g.chip, &g.pool, &g.team, &g.workload, &g.workload_type,
                                      &g.model, &g.run, &g.signal}) {
        key->Add(std::string_view(*name));
      }
      key->Add(g.chip_nanos).Add(g.busy_chip_nanos.value_or(-1));
      key->Add(g.productive_chip_nanos.value_or(-1));
      key->Add(window.conversions[i].chips_per_h100e.numerator);
      key->Add(window.conversions[i].chips_per_h100e.denominator);
    }
  }

  const UsageTold& told_;
  const UsageBooks& books_;
  const BookAsNow& book_;
  UsageCorrection plan_;
  std::map<std::pair<int64_t, UseNames>, UsageChange> changes_;
};

}  // namespace

absl::StatusOr<UsageCorrection> PlanUsageCorrection(const UsageTold& told, const UsageBooks& books,
                                                    const BookAsNow& book) {
  return Planner(told, books, book).Plan();
}

}  // namespace fleetmeter
