#include "collectors/served/served_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

// Starts of a process that differ by less are one: some servers work them out anew for each page.
constexpr double kSameBeginSeconds = 1;
constexpr int64_t kForgetSeriesAfter = 7 * kDay;
// A window of a report may be a year long. Beyond this the state is too old to go on from.
constexpr int64_t kLongestServedWindow = 300 * kDay;
constexpr int64_t kMostServed = 1'000'000'000'000'000;  // of each amount of a report

bool BeganLater(double began, double than) {
  return began != 0 && than != 0 && began > than + kSameBeginSeconds;
}

ServedSegment SegmentOf(const ServedThing& thing) {
  ServedSegment segment{
      .model = thing.model, .customer_tier = thing.customer_tier, .pool = {}, .workload = {}};
  const auto& assignment = thing.holder.assignment;
  if (!assignment) return segment;
  if (!assignment->model.empty()) segment.model = assignment->model;
  if (!assignment->customer_tier.empty()) segment.customer_tier = assignment->customer_tier;
  segment.pool = assignment->pool;
  segment.workload = assignment->workload;
  return segment;
}

void AddServed(const ServedSegment& segment, const ServedCounter& counter, int64_t growth,
               ServedSums& sums) {
  ServedAmounts& amounts = sums[segment];
  auto& sum = amounts.Of(counter.amount);
  sum = std::min(sum.value_or(0) + growth, kMostServed);
  amounts.ever = amounts.ever || counter.value > 0 || growth > 0;
}

v1::InferenceRow ServedRow(const ServedSegment& segment, const ServedAmounts& amounts) {
  v1::InferenceRow row;
  row.set_model(segment.model);
  row.set_customer_tier(segment.customer_tier);
  row.set_requests(*amounts.requests);
  if (amounts.input_tokens) row.set_input_tokens(*amounts.input_tokens);
  if (amounts.output_tokens) row.set_output_tokens(*amounts.output_tokens);
  if (amounts.input_tokens && amounts.cached_input_tokens) {
    row.set_cached_input_tokens(std::min(*amounts.cached_input_tokens, *amounts.input_tokens));
  }
  if (!segment.pool.empty()) row.set_pool(segment.pool);
  if (!segment.workload.empty()) row.set_workload(segment.workload);
  return row;
}

// Servers count a token of a cache before they count the prompt that it is part of. What is ahead
// of the prompts belongs to the next window.
void CarryCached(ServedSums& sums) {
  ServedSums carried;
  for (const auto& [segment, amounts] : sums) {
    if (!amounts.input_tokens || !amounts.cached_input_tokens) continue;
    const int64_t ahead = *amounts.cached_input_tokens - *amounts.input_tokens;
    if (ahead > 0) carried[segment].cached_input_tokens = ahead;
  }
  sums = std::move(carried);
}

}  // namespace

std::optional<int64_t>& ServedAmounts::Of(ServedAmount amount) {
  switch (amount) {
    case ServedAmount::kInputTokens:
      return input_tokens;
    case ServedAmount::kCachedInputTokens:
      return cached_input_tokens;
    case ServedAmount::kOutputTokens:
      return output_tokens;
    case ServedAmount::kRequests:
      break;
  }
  return requests;
}

absl::Status ServedCounts::Take(const ServedReading& reading) {
  ServedCounts next = *this;
  const int64_t now = reading.unix_nanos;
  if (next.based() && now - next.from_ > kLongestServedWindow) next = ServedCounts();
  const bool first = !next.based();
  next.saw_reset_ = false;
  next.TakeOrigin(reading.origin);
  for (const ServedCounter& counter : reading.counters) {
    if (counter.thing >= reading.things.size()) continue;
    const std::optional<int64_t> growth = next.Growth(counter, reading);
    // The first look begins the window, and is not of it.
    if (!first) {
      AddServed(SegmentOf(reading.things[counter.thing]), counter, growth.value_or(0), next.sums_);
    }
    Memory& memory = next.series_[counter.series];
    memory = {counter.value, counter.began, now};
  }
  next.ForgetOld(now);
  if (next.series_.size() > kMostSeries || next.sums_.size() > kMostSegments) {
    return absl::ResourceExhaustedError(
        fmt::format("there are {} counters of {} models, customer tiers and pools; expected at "
                    "most {} and {}",
                    next.series_.size(), next.sums_.size(), kMostSeries, kMostSegments));
  }
  if (reading.process_began != 0) next.process_began_ = reading.process_began;
  if (first) next.from_ = now;
  next.to_ = std::max(next.to_, now);
  next.last_look_ = now;
  *this = std::move(next);
  return absl::OkStatus();
}

std::optional<int64_t> ServedCounts::Growth(const ServedCounter& counter,
                                            const ServedReading& reading) {
  const bool restarted = BeganLater(reading.process_began, process_began_);
  const auto found = series_.find(counter.series);
  if (found == series_.end()) {
    const bool began_since =
        based() && (restarted || counter.began * kNanosPerSecond > static_cast<double>(last_look_));
    if (!began_since) return std::nullopt;
    return counter.value;
  }
  const Memory& before = found->second;
  if (restarted || counter.value < before.value || BeganLater(counter.began, before.began)) {
    ++resets_;
    saw_reset_ = true;
    return counter.value;
  }
  return counter.value - before.value;
}

// What one server counts more than another one was not served meanwhile.
void ServedCounts::TakeOrigin(const std::string& origin) {
  if (origin.empty() || origin == origin_) return;
  if (!origin_.empty()) {
    series_.clear();
    process_began_ = 0;
  }
  origin_ = origin;
}

void ServedCounts::ForgetOld(int64_t now_unix_nanos) {
  std::erase_if(series_, [&](const auto& entry) {
    return now_unix_nanos - entry.second.seen_unix_nanos > kForgetSeriesAfter;
  });
}

std::optional<v1::OutcomeReport> ServedCounts::Cut(const std::string& source) {
  if (to_ <= from_) return std::nullopt;
  v1::OutcomeReport report;
  for (const auto& [segment, amounts] : sums_) {
    if (!amounts.requests || !amounts.ever || segment.model.empty()) continue;
    *report.mutable_inference()->add_rows() = ServedRow(segment, amounts);
  }
  report.set_source(source);
  report.set_window_start_unix_nanos(from_);
  report.set_window_length_nanos(to_ - from_);
  from_ = to_;
  CarryCached(sums_);
  if (!report.has_inference()) return std::nullopt;
  return report;
}

ServedSums TotalsOf(const ServedReading& reading) {
  ServedSums sums;
  for (const ServedCounter& counter : reading.counters) {
    if (counter.thing >= reading.things.size()) continue;
    AddServed(SegmentOf(reading.things[counter.thing]), counter, counter.value, sums);
  }
  return sums;
}

}  // namespace fleetmeter::collector
