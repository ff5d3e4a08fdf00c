#include "daemon/view/known_time.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "daemon/base/units.h"

namespace fleetmeter {
namespace {

using outcomes::BothYears;
using outcomes::IsEmpty;
using outcomes::Span;
using outcomes::Teller;

// Models that are known for the same time, who tells of them, and when chips served them.
struct Group {
  std::set<std::string> models;
  std::set<std::string> pools;  // whose chip-time without a model they share
  std::set<size_t> sources;
  std::vector<Teller> tellers;
  std::optional<Span> served;
  bool since_usage_began = false;  // nothing was measured before `served`
};

int64_t UpToSeconds(int64_t nanos) { return (nanos + kNanosPerSecond - 1) / kNanosPerSecond; }

// By the clocks of the zone, as days are.
Teller TellerOf(const ToldTimes::Source& source, const DayZone& zone) {
  Teller teller{.source = source.name, .told = {}};
  int64_t from = source.windows.counted().start_unix_nanos;
  const auto add = [&](int64_t to) {
    const Span span{zone.Local(from / kNanosPerSecond), zone.Local(UpToSeconds(to))};
    if (!IsEmpty(span)) teller.told.push_back(span);
  };
  for (const TimeSpan& gap : source.windows.gaps()) {
    add(gap.start_unix_nanos);
    from = gap.end_unix_nanos;
  }
  add(source.windows.counted().end_unix_nanos);
  return teller;
}

void Merge(Group&& from, Group* to) {
  to->models.merge(from.models);
  to->pools.merge(from.pools);
  to->sources.merge(from.sources);
}

// Models that share chips are one group.
std::vector<Group> GroupsOf(const ToldTimes& told) {
  std::vector<Group> groups;
  for (const ToldTimes::Named& named : told.named) {
    Group group;
    group.models.insert(named.model);
    group.sources.insert(named.source);
    if (!named.pool.empty() && told.served.contains({"", named.pool})) {
      group.pools = {named.pool};
    }
    for (size_t i = 0; i < groups.size();) {
      const bool same = groups[i].models.contains(named.model) ||
                        (!group.pools.empty() && groups[i].pools.contains(named.pool));
      if (!same) {
        ++i;
        continue;
      }
      Merge(std::move(groups[i]), &group);
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(i));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

void Widen(const DaySpan& days, std::optional<Span>* span) {
  if (!*span) *span = Span{days.from_day, days.to_day};
  (*span)->from = std::min((*span)->from, days.from_day);
  (*span)->to = std::max((*span)->to, days.to_day);
}

void FindTimes(const ToldTimes& told, int64_t first_served, Group* group) {
  for (const size_t source : group->sources) {
    Teller teller = TellerOf(told.sources[source], told.zone);
    if (!teller.told.empty()) group->tellers.push_back(std::move(teller));
  }
  for (const auto& [key, days] : told.served) {
    const bool of_group =
        key.model.empty() ? group->pools.contains(key.pool) : group->models.contains(key.model);
    if (of_group) Widen(days, &group->served);
  }
  group->since_usage_began = group->served && group->served->from == first_served;
}

// Of one window, what a group is known for, and what bounds it.
class Known {
 public:
  Known(const Group& group, const Span& window, const outcomes::Told& told, int64_t usage_until)
      : group_(group), window_(window), told_(told) {
    const bool whole_days = outcomes::HasWholeDay(window, group.tellers);
    revenue_ = outcomes::DaysTold(window, told.span, !whole_days);
    if (!group.served) return;
    Span served = *group.served;
    // The day that usage is still being told of has chip-time to come.
    const bool under_way = usage_until > served.to - kSecondsPerDay && usage_until < served.to;
    usage_until_ = under_way ? usage_until : served.to;
    if (whole_days && under_way) served.to -= kSecondsPerDay;
    cost_ = outcomes::Both(window, {served.from, std::max(served.from, served.to)});
  }

  Span span() const { return cost_ ? outcomes::Both(revenue_, *cost_) : revenue_; }

  // The model serves no more: all is told of the window, and there is nothing.
  bool IsGone(int64_t now) const {
    return group_.served && !IsEmpty(revenue_) && group_.served->to <= window_.from &&
           HasEnded(group_.served->to, now);
  }
  // It did not serve yet, though others did.
  bool IsNotYetThere() const {
    return group_.served && group_.served->from >= window_.to && !group_.since_usage_began;
  }

  void AddUnknown(int64_t now, std::vector<UnknownTime>* unknown) const {
    const Span known = span();
    const int64_t end = std::min(window_.to, now);
    const bool usage_ends = cost_ && cost_->to < revenue_.to;
    if (known.to < end && !HasEnded(usage_ends ? usage_until_ : told_.span.to, now)) {
      unknown->push_back({.time = {IsEmpty(known) ? window_.from : known.to, end},
                          .source = usage_ends ? "" : told_.source,
                          .told = usage_ends ? usage_until_ : told_.span.to,
                          .models = group_.models});
    }
    if (IsEmpty(known) || known.from <= window_.from) return;
    const bool usage = cost_ && cost_->from > revenue_.from;
    // A model that is new has not been silent.
    if (usage && !group_.since_usage_began) return;
    unknown->push_back({.time = {window_.from, known.from},
                        .source = usage ? "" : FirstSource(),
                        .told = usage ? group_.served->from : told_.span.from,
                        .at_end = false,
                        .models = group_.models});
  }

 private:
  // Nobody waits for it.
  static bool HasEnded(int64_t until, int64_t now) {
    return now - until > outcomes::kLatenessDays * kSecondsPerDay;
  }

  std::string FirstSource() const {
    const auto first = std::min_element(
        group_.tellers.begin(), group_.tellers.end(),
        [](const Teller& a, const Teller& b) { return a.told.front().from < b.told.front().from; });
    return first == group_.tellers.end() ? "" : first->source;
  }

  const Group& group_;
  const Span window_;
  const outcomes::Told& told_;
  Span revenue_;
  std::optional<Span> cost_;
  int64_t usage_until_ = 0;
};

void Count(const Group& group, const Span& span, CountedDays* counted) {
  const DaySpan days{span.from, span.to};
  for (const std::string& model : group.models) counted->of_model[model] = days;
  for (const std::string& pool : group.pools) counted->of_pool[pool] = days;
}

void Widen(const BothYears& alike, std::optional<BothYears>* all) {
  if (IsEmpty(alike.before) || IsEmpty(alike.after)) return;
  if (!*all) *all = alike;
  for (Span BothYears::* year : {&BothYears::before, &BothYears::after}) {
    ((**all).*year).from = std::min(((**all).*year).from, (alike.*year).from);
    ((**all).*year).to = std::max(((**all).*year).to, (alike.*year).to);
  }
}

// Like with like. A model that is new or gone has its one year; one that nobody has told of yet, or
// had told of, in a year has neither: it cannot be compared.
BothYears Alike(const Span& window, const Known& before, const Known& after, int64_t now) {
  const BothYears known = {.before = before.span(), .after = after.span()};
  const bool can_compare = IsEmpty(known.after)    ? after.IsGone(now)
                           : IsEmpty(known.before) ? before.IsNotYetThere()
                                                   : true;
  if (can_compare) return outcomes::AlikeInBoth(window, known);
  const auto none = [](const Span& span) { return Span{span.from, span.from}; };
  return {.before = none(known.before), .after = none(known.after)};
}

// One entry for what differs in nothing but its models.
void Unite(std::vector<UnknownTime>* unknown) {
  using Key = std::tuple<Span, std::string, int64_t, bool>;
  std::map<Key, UnknownTime> united;
  for (UnknownTime& one : *unknown) {
    UnknownTime& all = united[{one.time, one.source, one.told, one.at_end}];
    one.models.merge(all.models);
    all = std::move(one);
  }
  unknown->clear();
  for (auto& [key, one] : united) unknown->push_back(std::move(one));
}

}  // namespace

KnownTime MakeKnownTime(const ToldTimes& told, const Span& window, int64_t now_unix_seconds) {
  const int64_t now = told.zone.Local(now_unix_seconds);
  KnownTime out;
  out.window = window;
  out.before_window = outcomes::YearEarlier(window);
  int64_t first_served = now;
  for (const auto& [key, days] : told.served) first_served = std::min(first_served, days.from_day);
  const int64_t usage_until = told.zone.Local(told.usage_until_unix_nanos / kNanosPerSecond);
  for (Group& group : GroupsOf(told)) {
    FindTimes(told, first_served, &group);
    if (group.tellers.empty()) continue;
    const outcomes::Told by_all = outcomes::ToldByAll(group.tellers, now);
    const Known after(group, out.window, by_all, usage_until);
    const Known before(group, out.before_window, by_all, usage_until);
    const BothYears alike = Alike(window, before, after, now);
    Count(group, after.span(), &out.after);
    Count(group, alike.before, &out.before);
    Count(group, alike.after, &out.compared);
    Widen(alike, &out.both_years);
    after.AddUnknown(now, &out.unknown);
  }
  Unite(&out.unknown);
  return out;
}

}  // namespace fleetmeter
