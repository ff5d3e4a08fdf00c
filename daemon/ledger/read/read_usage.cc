#include "daemon/ledger/read/read_usage.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>

#include "daemon/base/calendar.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/read/read_allocations.h"
#include "daemon/ledger/read/usage_parts.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

struct KeyEntry {
  UsageKey key;
  std::string_view name;
  // In terms of the views hours, days and quarters; {0}: the start of the row's period.
  std::string_view sql;
  Period coarsest;  // the tables that still tell
};

constexpr std::string_view kOfPool =
    "coalesce((SELECT {1} FROM plan_pools AS p JOIN plan_versions AS v USING (plan_record) "
    "WHERE v.plan = u.plan AND v.plan_version = u.plan_version AND p.pool = u.pool "
    "ORDER BY plan_record DESC LIMIT 1), '')";

constexpr std::array kKeys = {
    KeyEntry{UsageKey::kPool, "pool", "pool", Period::kQuarters},
    KeyEntry{UsageKey::kTeam, "team", "team", Period::kQuarters},
    KeyEntry{UsageKey::kChip, "chip", "chip", Period::kQuarters},
    KeyEntry{UsageKey::kState, "state", "state", Period::kQuarters},
    KeyEntry{UsageKey::kSignal, "signal", "signal", Period::kQuarters},
    KeyEntry{UsageKey::kCategory, "category", kOfPool, Period::kQuarters},
    KeyEntry{UsageKey::kTier, "tier", kOfPool, Period::kQuarters},
    KeyEntry{UsageKey::kPlan, "plan", "plan || '/' || plan_version", Period::kQuarters},
    KeyEntry{UsageKey::kCatalog, "catalog", "catalog_version", Period::kQuarters},
    KeyEntry{UsageKey::kWorkload, "workload", "workload", Period::kDays},
    KeyEntry{UsageKey::kWorkloadType, "workload_type", "workload_type", Period::kQuarters},
    KeyEntry{UsageKey::kModel, "model", "model", Period::kQuarters},
    KeyEntry{UsageKey::kRun, "run", "run", Period::kDays},
    KeyEntry{UsageKey::kHour, "hour", "{0}", Period::kHours},
    KeyEntry{UsageKey::kDay, "day", "{0}", Period::kDays},
    KeyEntry{UsageKey::kQuarter, "quarter", "{0}", Period::kQuarters},
};

const KeyEntry& EntryOf(UsageKey key) { return kKeys[static_cast<size_t>(key)]; }

std::string DateText(int64_t seconds) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string TimeText(int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string QuarterText(int64_t seconds) {
  const std::tm start = fmt::gmtime(static_cast<std::time_t>(QuarterOf(seconds)));
  return fmt::format("{}-Q{}", start.tm_year + 1900, start.tm_mon / 3 + 1);
}

std::string KeyText(UsageKey key, const Statement& row, int column) {
  switch (key) {
    case UsageKey::kHour:
      return TimeText(row.Integer(column));
    case UsageKey::kDay:
      return DateText(row.Integer(column));
    case UsageKey::kQuarter:
      return QuarterText(row.Integer(column));
    default:
      return row.Text(column);
  }
}

std::string BookedText(const Part& part) {
  return fmt::format("of some usage there, which was booked before {}, only {} are still kept",
                     DateText(part.booked_to), ViewOf(part.period).unit);
}

absl::Status BoundWithin(const Part& part, int64_t bound) {
  return absl::InvalidArgumentError(
      fmt::format("{} lies within a {}: {}; expected bounds at the start of UTC {}",
                  TimeText(bound), part.period == Period::kDays ? "day" : "quarter",
                  BookedText(part), ViewOf(part.period).unit));
}

absl::Status CheckQuestion(const UsageQuestion& question) {
  for (const int64_t time : {question.from, question.to}) {
    if (time % kSecondsPerHour == 0) continue;
    return absl::InvalidArgumentError(fmt::format(
        "{} is within an hour; expected full hours, which is how usage is kept", TimeText(time)));
  }
  if (question.from < question.to) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("the time from {} to {} is empty",
                                                TimeText(question.from), TimeText(question.to)));
}

bool IsDays(UsageKey key) { return key == UsageKey::kDay || key == UsageKey::kQuarter; }

// Hours of UTC tell days of zones whose clocks differ from UTC by full hours.
absl::Status CheckZone(const UsageQuestion& question) {
  if (std::none_of(question.by.begin(), question.by.end(), IsDays)) return absl::OkStatus();
  for (const DayZone::Offset& offset : question.zone.Offsets(question.from, question.to)) {
    if (offset.seconds % kSecondsPerHour == 0) continue;
    return absl::InvalidArgumentError(fmt::format(
        "days of {} begin within an hour of UTC, and usage is kept by hours of UTC; expected a "
        "zone whose clocks differ from UTC by full hours, such as --time-zone UTC",
        question.zone.name()));
  }
  return absl::OkStatus();
}

// A row, and the time that it is about.
struct Sum {
  UsageRow row;
  int64_t from = 0;
  int64_t to = 0;
};

class Reader {
 public:
  Reader(Database& ledger, const UsageQuestion& question) : ledger_(ledger) {
    answer_.question = question;
  }

  absl::StatusOr<UsageAnswer> Read() {
    absl::Status asked = CheckQuestion(answer_.question);
    if (asked.ok()) asked = CheckZone(answer_.question);
    if (!asked.ok()) return asked;
    const auto kept = ReadKept(ledger_);
    if (!kept.ok()) return kept.status();
    for (const Part& part : PartsOf(answer_.question.time, *kept)) {
      if (part.booked_from >= part.booked_to) continue;
      absl::Status status = CheckBounds(part);
      if (status.ok()) status = CheckKeys(part);
      if (status.ok()) status = Add(part);
      if (!status.ok()) return status;
    }
    if (absl::Status status = AddAllocations(); !status.ok()) return status;
    for (auto& [keys, sum] : rows_) {
      sum.row.keys = keys;
      answer_.rows.push_back(std::move(sum.row));
    }
    answer_.plans.assign(plans_.begin(), plans_.end());
    answer_.catalog_versions.assign(catalogs_.begin(), catalogs_.end());
    return std::move(answer_);
  }

 private:
  // " AND state = 'assigned'", or nothing.
  std::string OfStates() const {
    const std::vector<UsageKey>& by = answer_.question.by;
    const bool by_state = std::find(by.begin(), by.end(), UsageKey::kState) != by.end();
    return by_state ? "" : " AND state = 'assigned'";
  }

  // The rows of an hour begin with it and go by cell: with its hours told one by one, the cells of
  // one pool are looked up in each, and nothing else is read.
  std::string OfPool(const Part& part) const {
    if (answer_.question.pool.empty()) return "";
    std::string of_pool = " AND pool = ?5";
    if (part.period == Period::kHours && part.rows != Rows::kCorrections) {
      of_pool += fmt::format(
          " AND hour_start IN (WITH RECURSIVE asked (hour) AS (SELECT max(?1, ?3) UNION ALL "
          "SELECT hour + {0} FROM asked WHERE hour + {0} < min(?2, ?4)) SELECT hour FROM asked)",
          kSecondsPerHour);
    }
    return of_pool;
  }

  // Whether the part has rows of [from, to).
  absl::StatusOr<bool> HasRows(const Part& part, int64_t from, int64_t to) {
    Statement rows;
    absl::Status status =
        ledger_.Prepare(fmt::format("SELECT 1 FROM {} AS u WHERE {}{} LIMIT 1",
                                    ViewOf(part.period).name, Condition(part), OfStates()),
                        &rows);
    if (!status.ok()) return status;
    bool found = false;
    status = rows.ForEach(
        [&](const Statement&) {
          found = true;
          return absl::OkStatus();
        },
        from, to, part.booked_from, part.booked_to);
    if (!status.ok()) return status;
    return found;
  }

  // A period of the part that reaches over a bound cannot be divided.
  absl::Status CheckBounds(const Part& part) {
    for (const int64_t bound : {answer_.question.from, answer_.question.to}) {
      const int64_t start = StartOf(part.period, bound);
      if (start == bound) continue;
      const auto found = HasRows(part, start, bound);
      if (!found.ok()) return found.status();
      if (*found) return BoundWithin(part, bound);
    }
    return absl::OkStatus();
  }

  absl::Status CheckKeys(const Part& part) {
    const UsageQuestion& question = answer_.question;
    for (const UsageKey key : question.by) {
      // Days of UTC cannot be divided into those of another zone.
      const bool zoned = IsDays(key) && !question.zone.is_utc();
      if (part.period <= (zoned ? Period::kHours : EntryOf(key).coarsest)) continue;
      const auto found = HasRows(part, question.from, question.to);
      if (!found.ok()) return found.status();
      if (!*found) return absl::OkStatus();
      return absl::InvalidArgumentError(
          zoned ? fmt::format("{}, which are those of UTC and do not tell the {} of {}; expected "
                              "another span, or --time-zone UTC",
                              BookedText(part), Name(key), question.zone.name())
                : fmt::format("{}, which do not tell '{}'; expected another span or another key",
                              BookedText(part), Name(key)));
    }
    return absl::OkStatus();
  }

  // What clocks of the zone show at `start`, as seconds since 1970.
  std::string LocalSql(const std::string& start) const {
    const UsageQuestion& question = answer_.question;
    if (question.zone.is_utc()) return start;
    std::string cases;
    for (const DayZone::Offset& offset : question.zone.Offsets(question.from, question.to)) {
      cases +=
          fmt::format(" WHEN {} < {} THEN {}", start, offset.until_unix_seconds, offset.seconds);
    }
    return fmt::format("({} + CASE{} END)", start, cases);
  }

  // The key's expression over a row of the part's view.
  std::string Sql(UsageKey key, const Part& part) const {
    std::string start(TimeColumn(part));
    if (IsDays(key)) start = LocalSql(start);
    if (key == UsageKey::kDay) start = fmt::format("{0} - {0} % 86400", start);
    if (key == UsageKey::kQuarter) {
      // Months, so that a row's month, and so its quarter, can be told.
      start = fmt::format("unixepoch({}, 'unixepoch', 'start of month')", start);
    }
    return fmt::format(fmt::runtime(EntryOf(key).sql), start, Name(key));
  }

  absl::Status Add(const Part& part) {
    const UsageQuestion& question = answer_.question;
    std::string keys;
    std::string grouped;
    for (size_t i = 0; i < question.by.size(); ++i) {
      keys += fmt::format("{} AS key_{}, ", Sql(question.by[i], part), i);
      grouped += fmt::format("key_{}, ", i);
    }
    Statement rows;
    absl::Status status = ledger_.Prepare(
        fmt::format("SELECT {}numerator, denominator, plan, plan_version, catalog_version, {} "
                    "FROM {} AS u WHERE {}{}{} "
                    "GROUP BY {}numerator, denominator, plan, plan_version, catalog_version",
                    keys, AmountColumnSums(), ViewOf(part.period).name, Condition(part), OfStates(),
                    OfPool(part), grouped),
        &rows);
    if (!status.ok()) return status;
    const auto add = [&](const Statement& row) { return Add(row); };
    return question.pool.empty()
               ? rows.ForEach(add, question.from, question.to, part.booked_from, part.booked_to)
               : rows.ForEach(add, question.from, question.to, part.booked_from, part.booked_to,
                              question.pool);
  }

  absl::Status Add(const Statement& row) {
    int column = 0;
    std::vector<std::string> keys;
    keys.reserve(answer_.question.by.size());
    Sum sum{.row = {}, .from = answer_.question.from, .to = answer_.question.to};
    for (const UsageKey key : answer_.question.by) {
      Narrow(key, row.Integer(column), &sum);
      keys.push_back(KeyText(key, row, column++));
    }
    const int64_t numerator = row.Integer(column++);
    const int64_t denominator = row.Integer(column++);
    const std::string plan = row.Text(column++);
    plans_.emplace(plan, row.Integer(column++));
    catalogs_.insert(row.Integer(column++));
    const UsageAmounts chips = AmountsAt(row, column);
    UsageRow& total = rows_.try_emplace(std::move(keys), std::move(sum)).first->second.row;
    total.chips += chips;
    total.h100e += ToH100e(chips, {numerator, denominator});
    return absl::OkStatus();
  }

  // To the hour, day or quarter of a row, where the key is one.
  void Narrow(UsageKey key, int64_t start, Sum* sum) const {
    if (key != UsageKey::kHour && !IsDays(key)) return;
    int64_t end = start + (key == UsageKey::kHour ? kSecondsPerHour : kSecondsPerDay);
    if (key == UsageKey::kQuarter) {
      end = QuarterOf(start, 1);
      start = QuarterOf(start);
    }
    const DayZone& zone = answer_.question.zone;
    if (IsDays(key)) {
      start = zone.BeginOf(start);
      end = zone.BeginOf(end);
    }
    sum->from = std::max(sum->from, start);
    sum->to = std::min(sum->to, end);
  }

  absl::Status AddAllocations() {
    const UsageQuestion& question = answer_.question;
    if (!std::all_of(question.by.begin(), question.by.end(), PlansTell)) return absl::OkStatus();
    const auto terms = ReadPlanTerms(ledger_, question.from, question.to);
    if (!terms.ok()) return terms.status();
    answer_.allocated_to = terms->to;
    for (auto& [keys, sum] : rows_) {
      GrantFilter filter;
      for (size_t i = 0; i < keys.size(); ++i) {
        if (question.by[i] == UsageKey::kPool) filter.pool = keys[i];
        if (question.by[i] == UsageKey::kCategory) filter.category = keys[i];
        if (question.by[i] == UsageKey::kTier) filter.tier = keys[i];
        if (question.by[i] == UsageKey::kPlan) filter.plan = keys[i];
      }
      sum.row.allocated = GrantedNanos(*terms, filter, sum.from, sum.to);
    }
    return absl::OkStatus();
  }

  Database& ledger_;
  UsageAnswer answer_;
  std::map<std::vector<std::string>, Sum> rows_;
  std::set<std::pair<std::string, int64_t>> plans_;
  std::set<int64_t> catalogs_;
};

}  // namespace

std::string_view Name(UsageKey key) { return EntryOf(key).name; }

std::string_view Name(UsageTime time) { return time == UsageTime::kUsed ? "used" : "booked"; }

std::optional<UsageKey> ParseUsageKey(std::string_view name) {
  for (const KeyEntry& entry : kKeys) {
    if (entry.name == name) return entry.key;
  }
  return std::nullopt;
}

std::string UsageKeyNames() {
  std::string names;
  for (const KeyEntry& entry : kKeys) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.name);
  }
  return names;
}

bool PlansTell(UsageKey key) {
  switch (key) {
    case UsageKey::kPool:
    case UsageKey::kCategory:
    case UsageKey::kTier:
    case UsageKey::kPlan:
    case UsageKey::kHour:
    case UsageKey::kDay:
    case UsageKey::kQuarter:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<UsageAnswer> ReadUsageWithin(Database& ledger, const UsageQuestion& question) {
  return Reader(ledger, question).Read();
}

absl::StatusOr<UsageAnswer> ReadUsage(Database& ledger, const UsageQuestion& question) {
  // One state of the books, whatever is committed meanwhile.
  if (absl::Status status = ledger.Execute("BEGIN"); !status.ok()) return status;
  auto answer = ReadUsageWithin(ledger, question);
  const absl::Status ended = ledger.Execute("ROLLBACK");
  if (answer.ok() && !ended.ok()) return ended;
  return answer;
}

}  // namespace fleetmeter
