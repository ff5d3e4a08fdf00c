#include "daemon/domain/outcomes/told.h"

#include <algorithm>

#include "daemon/base/units.h"

namespace fleetmeter::outcomes {
namespace {

int64_t DayDown(int64_t seconds) { return seconds - seconds % kSecondsPerDay; }
int64_t DayUp(int64_t seconds) { return DayDown(seconds + kSecondsPerDay - 1); }

int64_t EndOf(const Teller& teller) { return teller.told.back().to; }
int64_t BeginOf(const Teller& teller) { return teller.told.front().from; }

bool IsWaitedFor(const Teller& teller, const std::vector<Teller>& tellers, int64_t now) {
  if (now - EndOf(teller) > kLatenessDays * kSecondsPerDay) return false;
  return std::none_of(tellers.begin(), tellers.end(), [&](const Teller& other) {
    const int64_t pause = BeginOf(other) - EndOf(teller);
    return pause >= 0 && pause <= kTakeoverDays * kSecondsPerDay;
  });
}

// By the last day of what ends there, as YearEarlier(Span) goes.
int64_t EndAYearEarlier(int64_t end) { return YearEarlier(end - kSecondsPerDay) + kSecondsPerDay; }
int64_t EndAYearLater(int64_t end) { return YearLater(end - kSecondsPerDay) + kSecondsPerDay; }

}  // namespace

Told ToldByAll(const std::vector<Teller>& tellers, int64_t now) {
  Told out;
  if (tellers.empty()) return out;
  const Teller* last = nullptr;
  const Teller* waited_for = nullptr;
  out.span.from = BeginOf(tellers.front());
  for (const Teller& teller : tellers) {
    out.span.from = std::min(out.span.from, BeginOf(teller));
    if (last == nullptr || EndOf(teller) > EndOf(*last)) last = &teller;
    if (!IsWaitedFor(teller, tellers, now)) continue;
    if (waited_for == nullptr || EndOf(teller) < EndOf(*waited_for)) waited_for = &teller;
  }
  if (waited_for == nullptr) waited_for = last;
  out.span.to = EndOf(*waited_for);
  out.source = waited_for->source;
  return out;
}

Span DaysTold(const Span& window, const Span& told, bool last_day_counts) {
  if (IsEmpty(told)) return {window.from, window.from};
  return Both(window, {DayDown(told.from), last_day_counts ? DayUp(told.to) : DayDown(told.to)});
}

bool HasWholeDay(const Span& window, const std::vector<Teller>& tellers) {
  return std::any_of(tellers.begin(), tellers.end(), [&](const Teller& teller) {
    return std::any_of(teller.told.begin(), teller.told.end(), [&](const Span& span) {
      return !IsEmpty(Both(window, {DayUp(span.from), DayDown(span.to)}));
    });
  });
}

Span Both(const Span& a, const Span& b) {
  const int64_t from = std::max(a.from, b.from);
  return {from, std::max(from, std::min(a.to, b.to))};
}

BothYears AlikeInBoth(const Span& window, const BothYears& known) {
  if (IsEmpty(known.before) || IsEmpty(known.after)) return known;
  const Span earlier = YearEarlier(window);
  BothYears out = known;
  // Whole windows stay as the calendar made them; only what was cut is held against the other year.
  if (known.before.from > earlier.from) {
    out.after.from = std::max(known.after.from, YearLater(known.before.from));
  }
  if (known.before.to < earlier.to) {
    out.after.to = std::min(known.after.to, EndAYearLater(known.before.to));
  }
  if (out.after.from > window.from) {
    out.before.from = std::max(known.before.from, YearEarlier(out.after.from));
  }
  if (out.after.to < window.to) {
    out.before.to = std::min(known.before.to, EndAYearEarlier(out.after.to));
  }
  if (IsEmpty(out.after) || IsEmpty(out.before)) {
    out.after.to = out.after.from;
    out.before.to = out.before.from;
  }
  return out;
}

}  // namespace fleetmeter::outcomes
