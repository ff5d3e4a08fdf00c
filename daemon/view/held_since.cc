#include "daemon/view/held_since.h"

#include <algorithm>

#include "daemon/base/units.h"
#include "daemon/ledger/read/told_spans.h"

namespace fleetmeter {
namespace {

// How far back it is looked for the break that an untold time hides.
constexpr int64_t kFarthestSeconds = 31 * kSecondsPerDay;

// What changes at a moment: how many sources told, and how many were expected to.
struct Change {
  int64_t unix_nanos = 0;
  int64_t told = 0;
  int64_t expected = 0;
};

std::vector<Change> ChangesOf(const std::vector<WindowSet>& sources) {
  std::vector<Change> changes;
  for (const WindowSet& source : sources) {
    const std::vector<TimeSpan> spans = KnownSpans(source);
    for (const TimeSpan& span : spans) {
      changes.push_back({span.start_unix_nanos, 1, &span == spans.data() ? 1 : 0});
      changes.push_back({span.end_unix_nanos, -1, 0});
    }
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.unix_nanos < b.unix_nanos; });
  return changes;
}

class BackwardLook {
 public:
  BackwardLook(const HeldHoursQuestion& question, const std::set<int64_t>& hours,
               const ToldByAll& told)
      : question_(question), hours_(hours), told_(told) {}

  HeldHoursAnswer Answer() {
    const Kind kind = FindLatest();
    return {.kind = kind, .since = out_};
  }

 private:
  using Kind = HeldHoursAnswer::Kind;

  bool Held(int64_t hour) const { return hours_.contains(hour); }
  bool IsBreak(int64_t hour) const {
    return !Held(hour) &&
           told_.Meets({hour * kNanosPerSecond, (hour + kSecondsPerHour) * kNanosPerSecond});
  }
  int64_t First() const { return std::max(question_.books_from, question_.kept_from); }

  // From the present back to the latest hour in which it held something.
  Kind FindLatest() {
    int64_t hour = question_.present;
    for (; !Held(hour); hour -= kSecondsPerHour) {
      if (hour < First() || IsBreak(hour)) return Kind::kEnded;
      if (hour < question_.read_from) return Kind::kEarlier;
    }
    if (hour < question_.lately) out_.last_known = hour + kSecondsPerHour;
    while (Held(hour - kSecondsPerHour)) hour -= kSecondsPerHour;
    out_.at_least_since = hour;
    return FindBefore(hour);
  }

  // What there is before the first of the hours without a break.
  Kind FindBefore(int64_t hour) {
    const int64_t before = hour - kSecondsPerHour;
    if (hour <= question_.books_from) return Because(HeldSince::Unknown::kBooksBegin);
    if (hour <= question_.kept_from) return Because(HeldSince::Unknown::kHoursEnd);
    if (before < question_.read_from) return Kind::kEarlier;
    if (!IsBreak(before)) return FindBreak(before);
    out_.since = hour;
    return Kind::kHolds;
  }

  Kind FindBreak(int64_t hour) {
    const int64_t farthest = std::max(First(), hour - kFarthestSeconds);
    for (; hour >= farthest; hour -= kSecondsPerHour) {
      if (hour < question_.read_from) return Kind::kEarlier;
      if (!IsBreak(hour)) continue;
      out_.not_before = hour + kSecondsPerHour;
      break;
    }
    return Because(HeldSince::Unknown::kUntold);
  }

  Kind Because(HeldSince::Unknown unknown) {
    out_.unknown_because = unknown;
    return Kind::kHolds;
  }

  const HeldHoursQuestion& question_;
  const std::set<int64_t>& hours_;
  const ToldByAll& told_;
  HeldSince out_;
};

}  // namespace

ToldByAll::ToldByAll(const std::vector<WindowSet>& sources) {
  const std::vector<Change> changes = ChangesOf(sources);
  int64_t told = 0;
  int64_t expected = 0;
  for (size_t i = 0; i < changes.size(); ++i) {
    told += changes[i].told;
    expected += changes[i].expected;
    const bool last = i + 1 == changes.size();
    if (last || told == 0 || told < expected) continue;
    const TimeSpan span = {changes[i].unix_nanos, changes[i + 1].unix_nanos};
    if (span.start_unix_nanos < span.end_unix_nanos) spans_.push_back(span);
  }
}

bool ToldByAll::Meets(TimeSpan span) const {
  const auto after = std::partition_point(spans_.begin(), spans_.end(), [&](const TimeSpan& each) {
    return each.end_unix_nanos <= span.start_unix_nanos;
  });
  return after != spans_.end() && after->start_unix_nanos < span.end_unix_nanos;
}

HeldHoursAnswer LookBack(const HeldHoursQuestion& question, const std::set<int64_t>& hours,
                         const ToldByAll& told) {
  return BackwardLook(question, hours, told).Answer();
}

const char* Name(HeldSince::Unknown unknown) {
  switch (unknown) {
    case HeldSince::Unknown::kNo:
      return "";
    case HeldSince::Unknown::kUntold:
      return "untold";
    case HeldSince::Unknown::kBooksBegin:
      return "books_begin";
    case HeldSince::Unknown::kHoursEnd:
      return "hours_end";
  }
  return "";
}

}  // namespace fleetmeter
