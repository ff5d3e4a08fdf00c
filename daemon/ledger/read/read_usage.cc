#include "daemon/ledger/read/read_usage.h"

#include <algorithm>
#include <array>
#include <chrono>
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

// A part of the question's time that one table answers.
struct Part {
  Period period = Period::kHours;
  int64_t from = 0;
  int64_t to = 0;
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

absl::Status NotKept(const char* what, int64_t before, const char* instead) {
  return absl::InvalidArgumentError(
      fmt::format("{} before {} are no longer kept; expected bounds at the start of UTC {} there",
                  what, DateText(before), instead));
}

absl::Status CheckQuestion(const UsageQuestion& question) {
  for (const int64_t time : {question.from, question.to}) {
    if (time % kSecondsPerHour == 0) continue;
    return absl::InvalidArgumentError(fmt::format(
        "{} is within an hour; expected full hours, which is how usage is booked", TimeText(time)));
  }
  if (question.from < question.to) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("the time from {} to {} is empty",
                                                TimeText(question.from), TimeText(question.to)));
}

// Which tables answer. Where only quarters are left, the one that days still reach into is taken
// whole.
absl::StatusOr<std::vector<Part>> PartsOf(const UsageQuestion& question, const Kept& kept) {
  std::vector<Part> parts;
  int64_t at = question.from;
  if (at < kept.days_from) {
    const int64_t first_whole = QuarterOf(kept.days_from - 1, 1);
    const int64_t end = std::min(question.to, first_whole);
    if (QuarterOf(at) != at || QuarterOf(end) != end) {
      return NotKept("days", kept.days_from, "quarters");
    }
    parts.push_back({Period::kQuarters, at, end});
    at = end;
  }
  if (at < std::min(kept.hours_from, question.to)) {
    const int64_t end = std::min(question.to, kept.hours_from);
    if (DayOf(at) != at || DayOf(end) != end) return NotKept("hours", kept.hours_from, "days");
    parts.push_back({Period::kDays, at, end});
    at = end;
  }
  if (at < question.to) parts.push_back({Period::kHours, at, question.to});
  for (const Part& part : parts) {
    for (const UsageKey key : question.by) {
      if (part.period <= EntryOf(key).coarsest) continue;
      return absl::InvalidArgumentError(fmt::format(
          "from {} to {} only {} are kept, which do not tell '{}'; expected a later start or "
          "another key",
          DateText(part.from), DateText(part.to),
          part.period == Period::kDays ? "days" : "quarters", Name(key)));
    }
  }
  return parts;
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
    const auto parts = PartsOf(answer_.question, *kept);
    if (!parts.ok()) return parts.status();
    for (const Part& part : *parts) {
      if (absl::Status status = Add(part); !status.ok()) return status;
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

  // The key's expression over a row of the part's view.
  static std::string Sql(UsageKey key, const Part& part) {
    static constexpr std::array<std::string_view, 3> kStarts = {"hour_start", "day_start",
                                                                "quarter_start"};
    std::string start(kStarts[static_cast<size_t>(part.period)]);
    if (key == UsageKey::kDay) start = fmt::format("{0} - {0} % 86400", start);
    if (key == UsageKey::kQuarter) {
      // Months, so that a row's month, and so its quarter, can be told.
      start = fmt::format("unixepoch({}, 'unixepoch', 'start of month')", start);
    }
    return fmt::format(fmt::runtime(EntryOf(key).sql), start, Name(key));
  }

  absl::Status Add(const Part& part) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kViews = {
        {{"hours", "hour_start"}, {"days", "day_start"}, {"quarters", "quarter_start"}}};
    const auto& [view, start] = kViews[static_cast<size_t>(part.period)];
    const std::vector<UsageKey>& by = answer_.question.by;
    const bool by_state = std::find(by.begin(), by.end(), UsageKey::kState) != by.end();
    std::string keys;
    for (size_t i = 0; i < by.size(); ++i)
      keys += fmt::format("{} AS key_{}, ", Sql(by[i], part), i);
    std::string grouped;
    for (size_t i = 0; i < by.size(); ++i) grouped += fmt::format("key_{}, ", i);
    Statement rows;
    absl::Status status = ledger_.Prepare(
        fmt::format("SELECT {}numerator, denominator, plan, plan_version, catalog_version, {} "
                    "FROM {} AS u WHERE {} >= ?1 AND {} < ?2{} "
                    "GROUP BY {}numerator, denominator, plan, plan_version, catalog_version",
                    keys, AmountColumnSums(), view, start, start,
                    by_state ? "" : " AND state = 'assigned'", grouped),
        &rows);
    if (!status.ok()) return status;
    return rows.ForEach([&](const Statement& row) { return Add(row); }, part.from, part.to);
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
