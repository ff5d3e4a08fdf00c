#include "daemon/serve/query/pool_history.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/ledger/read/read_unheard.h"
#include "daemon/ledger/read/read_usage.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kHourSeconds = 3'600;
constexpr int64_t kDayLong = 24 * kHourSeconds;
constexpr int64_t kUsualPast = 7 * kDayLong;
constexpr int kMostPeriods = 50'000;

absl::StatusOr<int64_t> ReadTime(const char* field, const std::string& text, int64_t otherwise) {
  if (text.empty()) return otherwise;
  const auto time = ParseTimestamp(text);
  if (!time.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", field, std::string(time.status().message())));
  }
  if (time->unix_nanos % (kHourSeconds * kNanosPerSecond) == 0) {
    return time->unix_nanos / kNanosPerSecond;
  }
  return absl::InvalidArgumentError(
      fmt::format("{}: {} is within an hour; expected a full hour, which is how usage is kept",
                  field, Quoted(text)));
}

absl::StatusOr<int64_t> ReadStep(const std::string& text) {
  if (text.empty() || text == "1h") return kHourSeconds;
  if (text == "1d") return kDayLong;
  return absl::InvalidArgumentError(fmt::format("step is {}; expected 1h or 1d", Quoted(text)));
}

absl::Status FillTimes(const v1::GetPoolHistoryRequest& request, int64_t now_seconds,
                       v1::GetPoolHistoryResponse* response) {
  const auto until =
      ReadTime("until", request.until(), (now_seconds / kHourSeconds + 1) * kHourSeconds);
  if (!until.ok()) return until.status();
  const auto from = ReadTime("from", request.from(), *until - kUsualPast);
  if (!from.ok()) return from.status();
  const auto step = ReadStep(request.step());
  if (!step.ok()) return step.status();
  response->set_from_unix_seconds(*from);
  response->set_until_unix_seconds(*until);
  response->set_step_seconds(*step);
  return absl::OkStatus();
}

// The part of a period that the question asks for and that has passed; it may be empty.
TimeSpan PassedPart(const v1::GetPoolHistoryResponse& asked, int64_t start, int64_t now_nanos) {
  const int64_t begin = std::max(start, asked.from_unix_seconds()) * kNanosPerSecond;
  const int64_t end =
      std::min(start + asked.step_seconds(), asked.until_unix_seconds()) * kNanosPerSecond;
  return {begin, std::min(end, now_nanos)};
}

double Average(absl::int128 h100e_nanos, TimeSpan span) {
  return static_cast<double>(h100e_nanos) /
         static_cast<double>(span.end_unix_nanos - span.start_unix_nanos);
}

void FillPeriod(const UsageRow& row, TimeSpan passed, int64_t allocated_to,
                v1::PoolPeriod& period) {
  period.set_pool(row.keys[0]);
  period.set_assigned_h100e(Average(row.h100e.chips, passed));
  period.set_measured_h100e(Average(row.h100e.measured, passed));
  if (row.h100e.measured > 0) period.set_busy_h100e(Average(row.h100e.busy, passed));
  // After a restart the ledger's own time may be behind, and so is what is known to be granted.
  passed.end_unix_nanos = std::min(passed.end_unix_nanos, allocated_to * kNanosPerSecond);
  if (!row.allocated || passed.start_unix_nanos >= passed.end_unix_nanos) return;
  period.set_allocated_h100e(Average(*row.allocated, passed));
}

// What was heard of each pool in each period, and what should have been heard and was not.
struct ToldPast {
  std::map<std::vector<std::string>, absl::int128> heard;  // H100e-nanoseconds, in all states
  Unheard unheard;
  Spans told;  // when any source told of anything

  // The part of a time, from the first that was ever told on, in which anybody told.
  double ToldPart(TimeSpan passed) const {
    if (told.empty()) return 0;
    passed.start_unix_nanos = std::max(passed.start_unix_nanos, told.front().start_unix_nanos);
    if (passed.start_unix_nanos >= passed.end_unix_nanos) return 0;
    const auto all = static_cast<double>(passed.end_unix_nanos - passed.start_unix_nanos);
    return static_cast<double>(NanosOf(Common(told, {passed}))) / all;
  }

  void FillCoverage(const UsageRow& row, TimeSpan passed, v1::PoolPeriod& period) const {
    const auto found = heard.find(row.keys);
    const absl::int128 of_period = found == heard.end() ? 0 : found->second;
    const auto ratio = HeardPart(of_period, unheard.H100eNanos(period.pool(), passed));
    if (ratio) period.set_coverage_ratio(*ratio * ToldPart(passed));
  }
};

absl::StatusOr<ToldPast> ReadToldPast(Database& ledger, UsageQuestion question,
                                      const std::string& pool) {
  const auto spans = ReadToldSpans(ledger);
  if (!spans.ok()) return spans.status();
  auto unheard = ReadUnheardWithin(ledger, *spans, question.from, question.to, pool);
  if (!unheard.ok()) return unheard.status();
  question.by.push_back(UsageKey::kState);
  const auto usage = ReadUsageWithin(ledger, question);
  if (!usage.ok()) return usage.status();
  ToldPast told{.heard = {}, .unheard = *std::move(unheard), .told = *spans};
  for (const UsageRow& row : usage->rows) {
    told.heard[{row.keys[0], row.keys[1]}] += row.h100e.chips;
  }
  return told;
}

}  // namespace

absl::Status AnswerPoolHistory(Database& ledger, int64_t now_unix_nanos,
                               const v1::GetPoolHistoryRequest& request, const PoolSight& sight,
                               v1::GetPoolHistoryResponse* response) {
  absl::Status status = FillTimes(request, now_unix_nanos / kNanosPerSecond, response);
  if (!status.ok()) return status;
  const UsageKey period = response->step_seconds() == kDayLong ? UsageKey::kDay : UsageKey::kHour;
  UsageQuestion question;
  question.from = response->from_unix_seconds();
  question.to = response->until_unix_seconds();
  question.by = {UsageKey::kPool, period};
  question.pool = request.pool();
  const auto usage = ReadUsageWithin(ledger, question);
  if (!usage.ok()) return usage.status();
  const auto told = ReadToldPast(ledger, question, request.pool());
  if (!told.ok()) return told.status();
  for (const UsageRow& row : usage->rows) {
    const std::string& pool = row.keys[0];
    if ((!request.pool().empty() && pool != request.pool()) || !sight.Sees(pool)) continue;
    const auto start = ParseTimestamp(row.keys[1]);
    if (!start.ok()) return start.status();
    const int64_t seconds = start->unix_nanos / kNanosPerSecond;
    const TimeSpan passed = PassedPart(*response, seconds, now_unix_nanos);
    if (passed.start_unix_nanos >= passed.end_unix_nanos) continue;
    if (response->rows_size() == kMostPeriods) {
      return absl::InvalidArgumentError(
          fmt::format("there are more than {} rows; ask for one pool, a shorter time, or step 1d",
                      kMostPeriods));
    }
    v1::PoolPeriod& filled = *response->add_rows();
    filled.set_start_unix_seconds(seconds);
    FillPeriod(row, passed, usage->allocated_to, filled);
    told->FillCoverage(row, passed, filled);
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
