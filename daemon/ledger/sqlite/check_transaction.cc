#include "daemon/ledger/sqlite/check_transaction.h"

#include <cmath>
#include <string_view>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ledger/capacity_chain.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

bool Contains(const WindowSet& windows, int64_t start, int64_t length) {
  return windows.counted().start_unix_nanos <= start &&
         start + length <= windows.counted().end_unix_nanos;
}

// What a report may bring: more may be given back than earned, but nothing else is below nothing.
// The differences of a correction may be anything.
bool IsPlausible(const InferenceAmounts& a) {
  for (const auto column : kInferenceColumns) {
    if (a.*column < 0 && column != &InferenceAmounts::revenue_micro_usd) return false;
  }
  return a.unpriced_requests <= a.requests && a.cached_input_tokens <= a.input_tokens;
}

absl::Status CheckUsage(const LedgerEntry& entry) {
  const UsageReport& report = entry.report;
  if (entry.conversions.size() != report.groups.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "report {} of source {} has {} conversions for {} groups; expected one a group",
        entry.sequence, Quoted(report.source), entry.conversions.size(), report.groups.size()));
  }
  if (entry.terms.size() != report.groups.size()) {
    return absl::InvalidArgumentError(fmt::format(
        "report {} of source {} has terms for {} of {} groups; expected one a group",
        entry.sequence, Quoted(report.source), entry.terms.size(), report.groups.size()));
  }
  const TimeSpan& counted = entry.windows.counted();
  if (report.duration_nanos <= 0 || counted.start_unix_nanos > report.window_start_unix_nanos ||
      counted.end_unix_nanos < report.WindowEnd()) {
    return absl::InvalidArgumentError(
        fmt::format("report {} of source {} has a duration of {} ns, and a window that is not "
                    "among those counted of its source",
                    entry.sequence, Quoted(report.source), report.duration_nanos));
  }
  return absl::OkStatus();
}

absl::Status CheckOutcome(const OutcomeEntry& entry) {
  const auto contradicts = [&](std::string_view what) {
    return absl::InvalidArgumentError(fmt::format("outcome report {} of source {} {}",
                                                  entry.sequence, Quoted(entry.source), what));
  };
  const bool has_window = entry.kind != OutcomeKind::kBenchmarks;
  if (!has_window) {
    if (entry.window_start_unix_nanos != 0 || entry.window_length_nanos != 0 ||
        !entry.windows.empty()) {
      return contradicts("has benchmarks and a window; expected none");
    }
  } else if (entry.window_start_unix_nanos < 0 || entry.window_length_nanos <= 0 ||
             entry.window_length_nanos > INT64_MAX - entry.window_start_unix_nanos) {
    return contradicts("has a window that cannot be; expected a start of 0 or more and a length");
  } else if (!Contains(entry.windows, entry.window_start_unix_nanos, entry.window_length_nanos)) {
    return contradicts("has a window that is not among those counted of its source");
  }
  if ((entry.kind != OutcomeKind::kInference && !entry.inference.empty()) ||
      (entry.kind != OutcomeKind::kTraining && !entry.training.empty()) ||
      (entry.kind != OutcomeKind::kBenchmarks && !entry.benchmarks.empty())) {
    return contradicts(fmt::format("has rows that are not of its kind, {}", Name(entry.kind)));
  }
  for (const BenchmarkRow& row : entry.benchmarks) {
    if (row.score ? std::isfinite(*row.score) : entry.correction.has_value()) continue;
    return contradicts(
        "has a result without a finite score; expected one, unless a correction "
        "withdraws it");
  }
  if (entry.correction) return absl::OkStatus();
  for (const BookedInference& row : entry.inference) {
    if (!IsPlausible(row.amounts)) {
      return contradicts(
          "has amounts below nothing, or a part beyond its whole; only a correction "
          "may");
    }
  }
  for (const TrainingRow& row : entry.training) {
    if (row.h100e_seconds < 0)
      return contradicts("has training below nothing; only a correction may");
  }
  return absl::OkStatus();
}

absl::Status CheckRestated(const HistoryWindow& window) {
  if (window.groups.size() == window.conversions.size() &&
      window.groups.size() == window.terms.size() && window.length_nanos > 0 &&
      window.start_unix_nanos >= kFirstCorrectable) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "a restated window of source {} starts {} ns after 1970, is {} ns long, and has {} groups, "
      "{} conversions and {} terms; expected a start after the first quarter of 1970, a length, "
      "and one of each for a group",
      Quoted(window.source), window.start_unix_nanos, window.length_nanos, window.groups.size(),
      window.conversions.size(), window.terms.size()));
}

// Whether its row can hold it. What came before it is for the table to compare.
bool IsWhole(const capacity::CapacityEvent& event) {
  const bool ranks = event.action == capacity::Action::kRank;
  const capacity::CapacityForm& form = event.form;
  return event == WhatItSays(event) && event.number > 0 && event.request_id.empty() == ranks &&
         event.revision >= 0 && form.chips >= 0 && form.cores.value_or(0) >= 0 && form.hours >= 0 &&
         event.worth.micro_h100e >= 0 && event.granted_chips >= 0 && event.decision >= 0;
}

absl::Status CheckCapacity(const std::vector<capacity::CapacityEvent>& events) {
  int64_t number = 0;
  for (const capacity::CapacityEvent& event : events) {
    const bool follows = number == 0 || event.number == number + 1;
    number = event.number;
    if (follows && IsWhole(event)) continue;
    return absl::InvalidArgumentError(fmt::format(
        "event {} of requests for capacity ({}) {}", event.number, capacity::Name(event.action),
        follows ? "says what its action has nothing to say about, or amounts below 0"
                : "does not follow the number of the one before it"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTransaction(const LedgerTransaction& transaction) {
  for (const LedgerEntry& entry : transaction.counted) {
    if (absl::Status status = CheckUsage(entry); !status.ok()) return status;
  }
  for (const OutcomeEntry& entry : transaction.outcomes) {
    if (absl::Status status = CheckOutcome(entry); !status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    for (const auto* windows : {&entry.restated.taken, &entry.restated.booked}) {
      for (const HistoryWindow& window : *windows) {
        if (absl::Status status = CheckRestated(window); !status.ok()) return status;
      }
    }
  }
  return CheckCapacity(transaction.capacity);
}

}  // namespace fleetmeter
