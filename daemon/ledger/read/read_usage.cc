#include "daemon/ledger/read/read_usage.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <map>
#include <set>

#include "daemon/base/calendar.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/chrono.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

enum class Period { kHours, kDays, kQuarters };

// Which rows of a table, and which of their two times counts: that of their booking, or the time
// that a correction names.
enum class Rows { kAllByBooking, kOwnHours, kCorrections };

// Rows of one table that were booked in a span, whatever time they are about.
struct Part {
  Period period = Period::kHours;
  Rows rows = Rows::kAllByBooking;
  int64_t booked_from = 0;
  int64_t booked_to = 0;
};

struct Kept {  // see the table rollup
  int64_t hours_from = 0;
  int64_t days_from = 0;
};

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

struct Table {
  std::string_view view;
  std::string_view start;
  std::string_view corrects;
  std::string_view unit;
};
const Table& TableOf(Period period) {
  static constexpr std::array<Table, 3> kTables = {
      {{"hours", "hour_start", "corrects_hour", "hours"},
       {"days", "day_start", "corrects_day", "days"},
       {"quarters", "quarter_start", "corrects_quarter", "quarters"}}};
  return kTables[static_cast<size_t>(period)];
}

// The start of the period that holds a time.
int64_t StartOf(Period period, int64_t seconds) {
  switch (period) {
    case Period::kHours:
      return seconds - seconds % kSecondsPerHour;
    case Period::kDays:
      return DayOf(seconds);
    case Period::kQuarters:
      return QuarterOf(seconds);
  }
  return seconds;
}

std::string BookedText(const Part& part) {
  return fmt::format("of some usage there, which was booked before {}, only {} are still kept",
                     DateText(part.booked_to), TableOf(part.period).unit);
}

absl::Status BoundWithin(const Part& part, int64_t bound) {
  return absl::InvalidArgumentError(
      fmt::format("{} lies within a {}: {}; expected bounds at the start of UTC {}",
                  TimeText(bound), part.period == Period::kDays ? "day" : "quarter",
                  BookedText(part), TableOf(part.period).unit));
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

// Each row that was ever booked is in one of them. Where only quarters are left, the one that days
// still reach into is taken whole.
std::vector<Part> PartsOf(const UsageQuestion& question, const Kept& kept) {
  constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
  const int64_t quarters_to = kept.days_from == 0 ? 0 : QuarterOf(kept.days_from - 1, 1);
  const int64_t days_to = std::max(quarters_to, kept.hours_from);
  const std::vector<Rows> both = question.time == UsageTime::kBooked
                                     ? std::vector{Rows::kAllByBooking}
                                     : std::vector{Rows::kOwnHours, Rows::kCorrections};
  std::vector<Part> parts;
  for (const Rows rows : both) {
    parts.push_back({Period::kQuarters, rows, 0, quarters_to});
    parts.push_back({Period::kDays, rows, quarters_to, days_to});
    parts.push_back({Period::kHours, rows, days_to, kEnd});
  }
  return parts;
}

// The column with the time that counts.
std::string_view TimeColumn(const Part& part) {
  const Table& table = TableOf(part.period);
  return part.rows == Rows::kCorrections ? table.corrects : table.start;
}

// Parameters: the span of the question, and that of the part's booking.
std::string Condition(const Part& part) {
  const Table& table = TableOf(part.period);
  const std::string booked = fmt::format("{0} >= ?3 AND {0} < ?4", table.start);
  const std::string asked = fmt::format("{0} >= ?1 AND {0} < ?2", TimeColumn(part));
  switch (part.rows) {
    case Rows::kAllByBooking:
      return fmt::format("{0} >= max(?1, ?3) AND {0} < min(?2, ?4)", table.start);
    case Rows::kOwnHours:
      return fmt::format("{0} >= max(?1, ?3) AND {0} < min(?2, ?4) AND {1} = 0", table.start,
                         table.corrects);
    case Rows::kCorrections:
      // As the index of the table says it (ledger_schema_v3.h).
      return fmt::format("{} AND {} > 0 AND {}", asked, table.corrects, booked);
  }
  return asked;
}

class Reader {
 public:
  Reader(Database& ledger, const UsageQuestion& question) : ledger_(ledger) {
    answer_.question = question;
  }

  absl::StatusOr<UsageAnswer> Read() {
    if (absl::Status status = CheckQuestion(answer_.question); !status.ok()) return status;
    const auto kept = ReadKept();
    if (!kept.ok()) return kept.status();
    for (const Part& part : PartsOf(answer_.question, *kept)) {
      if (part.booked_from >= part.booked_to) continue;
      absl::Status status = CheckBounds(part);
      if (status.ok()) status = CheckKeys(part);
      if (status.ok()) status = Add(part);
      if (!status.ok()) return status;
    }
    for (auto& [keys, row] : rows_) {
      row.keys = keys;
      answer_.rows.push_back(std::move(row));
    }
    answer_.plans.assign(plans_.begin(), plans_.end());
    answer_.catalog_versions.assign(catalogs_.begin(), catalogs_.end());
    return std::move(answer_);
  }

 private:
  absl::StatusOr<Kept> ReadKept() {
    const auto hours = ledger_.Integer("SELECT hours_from FROM rollup");
    if (!hours.ok()) return hours.status();
    const auto days = ledger_.Integer("SELECT days_from FROM rollup");
    if (!days.ok()) return days.status();
    return Kept{.hours_from = *hours, .days_from = *days};
  }

  // " AND state = 'assigned'", or nothing.
  std::string OfStates() const {
    const std::vector<UsageKey>& by = answer_.question.by;
    const bool by_state = std::find(by.begin(), by.end(), UsageKey::kState) != by.end();
    return by_state ? "" : " AND state = 'assigned'";
  }

  // Whether the part has rows of [from, to).
  absl::StatusOr<bool> HasRows(const Part& part, int64_t from, int64_t to) {
    Statement rows;
    absl::Status status =
        ledger_.Prepare(fmt::format("SELECT 1 FROM {} AS u WHERE {}{} LIMIT 1",
                                    TableOf(part.period).view, Condition(part), OfStates()),
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
      if (part.period <= EntryOf(key).coarsest) continue;
      const auto found = HasRows(part, question.from, question.to);
      if (!found.ok()) return found.status();
      if (!*found) return absl::OkStatus();
      return absl::InvalidArgumentError(
          fmt::format("{}, which do not tell '{}'; expected another span or another key",
                      BookedText(part), Name(key)));
    }
    return absl::OkStatus();
  }

  // The key's expression over a row of the part's view.
  static std::string Sql(UsageKey key, const Part& part) {
    std::string start(TimeColumn(part));
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
                    "FROM {} AS u WHERE {}{} "
                    "GROUP BY {}numerator, denominator, plan, plan_version, catalog_version",
                    keys, AmountColumnSums(), TableOf(part.period).view, Condition(part),
                    OfStates(), grouped),
        &rows);
    if (!status.ok()) return status;
    return rows.ForEach([&](const Statement& row) { return Add(row); }, question.from, question.to,
                        part.booked_from, part.booked_to);
  }

  absl::Status Add(const Statement& row) {
    int column = 0;
    std::vector<std::string> keys;
    keys.reserve(answer_.question.by.size());
    for (const UsageKey key : answer_.question.by) keys.push_back(KeyText(key, row, column++));
    const int64_t numerator = row.Integer(column++);
    const int64_t denominator = row.Integer(column++);
    const std::string plan = row.Text(column++);
    plans_.emplace(plan, row.Integer(column++));
    catalogs_.insert(row.Integer(column++));
    const UsageAmounts chips = AmountsAt(row, column);
    UsageRow& sum = rows_[keys];
    sum.chips += chips;
    sum.h100e += ToH100e(chips, {numerator, denominator});
    return absl::OkStatus();
  }

  Database& ledger_;
  UsageAnswer answer_;
  std::map<std::vector<std::string>, UsageRow> rows_;
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

absl::StatusOr<UsageAnswer> ReadUsage(Database& ledger, const UsageQuestion& question) {
  // One state of the books, whatever is committed meanwhile.
  if (absl::Status status = ledger.Execute("BEGIN"); !status.ok()) return status;
  auto answer = Reader(ledger, question).Read();
  const absl::Status ended = ledger.Execute("ROLLBACK");
  if (answer.ok() && !ended.ok()) return ended;
  return answer;
}

}  // namespace fleetmeter
