// A ledger whose file the test reads with SQL, and entries of outcomes and of chip-time for it.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/calendar.h"
#include "daemon/ledger/tools/verify.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {

class OutcomeBooksTest : public testing::Test {
 protected:
  // 2026-03-30 and -31.
  static constexpr int64_t kFirstDay =
      kLedgerStart / kNanosPerSecond / kSecondsPerDay * kSecondsPerDay;
  static constexpr int64_t kSecondDay = kFirstDay + kSecondsPerDay;
  static constexpr int64_t kMidnight = kSecondDay * kNanosPerSecond;

  // The catalog names no price.
  static inline const GroupTerms kServing{"inference", std::nullopt};
  static inline const GroupTerms kTraining{"training", std::nullopt};

  void SetUp() override { Reopen(); }

  void Reopen() {
    ledger_.reset();
    books_ = {};
    ledger_ = OpenLedger(options_, &books_);
  }

  // Entries and commits are numbered as those of one sender.
  OutcomeEntry Outcome(OutcomeKind kind, int64_t start, int64_t length) {
    OutcomeEntry entry;
    entry.stream = {"billing", "0123456789abcdef"};
    entry.sequence = ++sequence_;
    entry.kind = kind;
    entry.source = "billing";
    if (kind != OutcomeKind::kBenchmarks) {
      entry.window_start_unix_nanos = start;
      entry.window_length_nanos = length;
      entry.windows = WindowSet({start, start + length}, {});
    }
    return entry;
  }

  OutcomeEntry Served(int64_t start, int64_t length, int64_t requests, int64_t revenue) {
    OutcomeEntry entry = Outcome(OutcomeKind::kInference, start, length);
    entry.inference.push_back({.model = "opus",
                               .customer_tier = "api",
                               .pool = "",
                               .workload = "",
                               .amounts = {.requests = requests, .revenue_micro_usd = revenue}});
    return entry;
  }

  OutcomeEntry Scored(std::optional<double> score) {
    OutcomeEntry entry = Outcome(OutcomeKind::kBenchmarks, 0, 0);
    entry.benchmarks.push_back({.model = "opus",
                                .family = "claude",
                                .benchmark = "swe",
                                .version = "v1",
                                .date_unix_seconds = kFirstDay,
                                .source = "lab",
                                .score = score});
    return entry;
  }

  LedgerEntry Used(int64_t start, int64_t length, const std::vector<UsageGroup>& groups,
                   const GroupTerms& terms) {
    LedgerEntry entry;
    entry.stream = {"billing", "0123456789abcdef"};
    entry.sequence = ++sequence_;
    entry.report.source = fmt::format("host-{}", sequence_);
    entry.report.window_start_unix_nanos = start;
    entry.report.window_length_nanos = entry.report.duration_nanos = length;
    entry.report.groups = groups;
    entry.conversions.resize(groups.size(), HalfChip());
    entry.terms.resize(groups.size(), terms);
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.windows.Add({start, start + length});
    return entry;
  }

  LedgerTransaction At(int64_t now) const {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = now;
    transaction.streams.push_back({.stream = {"billing", "0123456789abcdef"},
                                   .sequence = sequence_,
                                   .epoch = 1,
                                   .digests = {}});
    return transaction;
  }

  absl::Status Commit(const OutcomeEntry& entry, int64_t now) {
    LedgerTransaction transaction = At(now);
    transaction.outcomes.push_back(entry);
    return ledger_->Commit(transaction);
  }

  absl::Status Commit(const LedgerEntry& entry, int64_t now) {
    LedgerTransaction transaction = At(now);
    transaction.counted.push_back(entry);
    return ledger_->Commit(transaction);
  }

  int64_t Integer(const std::string& sql) { return ReadInteger(options_.path, sql); }
  std::string Text(const std::string& sql) { return ReadText(options_.path, sql); }

  std::vector<std::string> Findings() {
    const auto report = VerifyLedger(options_.path);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? report->findings : std::vector<std::string>{"unreadable"};
  }

  TempFolder folder_;
  SqliteLedgerOptions options_ = LedgerOptions(folder_.PathOf("books"));
  std::unique_ptr<SqliteLedger> ledger_;
  RestoredBooks books_;
  uint64_t sequence_ = 0;
};

}  // namespace fleetmeter
