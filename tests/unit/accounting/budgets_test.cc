// No sender uses up what the books have for everybody: signals, outcomes, chip-time, and time that
// never was.
#include <fmt/format.h>

#include <algorithm>

#include "daemon/accounting/book_room.h"
#include "daemon/accounting/outcome_shares.h"
#include "daemon/accounting/signal_budget.h"
#include "daemon/accounting/usage_room.h"
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class BudgetsTest : public WriterTest {
 protected:
  // Reports of a sender by a stream of its own.
  SubmitResult Send(const std::string& identity, std::vector<SequencedReport> reports) {
    for (SequencedReport& report : reports) {
      report.sequence = ++sequences_[identity];
      report.digest = report.sequence;
    }
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {identity, "stream of " + identity};
    submission.reports = std::move(reports);
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }
  SubmitResult Send(const std::string& identity, UsageReport report) {
    return Send(identity, std::vector{Numbered(0, std::move(report))});
  }
  SubmitResult Send(const std::string& identity, OutcomeReport report) {
    SequencedReport wrapped;
    wrapped.outcome = std::move(report);
    return Send(identity, std::vector{std::move(wrapped)});
  }

  static std::string Refusal(const SubmitResult& result) {
    if (!result.status.ok()) return std::string(result.status.message());
    if (result.dispositions.empty()) return "counted";
    const Rejection& rejection = result.dispositions[0].rejection;
    return fmt::format("{} {}: {}", Name(rejection.reason), rejection.field, rejection.detail);
  }

  static UsageReport WithSignals(const std::string& source, int64_t index,
                                 const std::string& prefix, int number) {
    UsageReport report = Report(source, index, {});
    for (int i = 0; i < number; ++i) {
      UsageGroup group = Assigned("half", 1, "alpha", 1);
      group.signal = prefix + std::to_string(i);
      report.groups.push_back(group);
    }
    return report;
  }

  // A day of outcomes, counted back from the start of the test.
  static OutcomeReport Served(const std::string& source, int days_ago, int64_t tokens,
                              int rows = 1) {
    OutcomeReport report;
    report.kind = OutcomeKind::kInference;
    report.source = source;
    report.window_start_unix_nanos = kStart - days_ago * kDay;
    report.window_length_nanos = kDay;
    for (int i = 0; i < rows; ++i) {
      report.inference.push_back({.model = "m",
                                  .customer_tier = "t",
                                  .requests = tokens < 0 ? -1 : 1,
                                  .output_tokens = tokens,
                                  .revenue_micro_usd = 0});
    }
    return report;
  }
  static OutcomeReport Correcting(OutcomeReport report, const std::string& id) {
    report.correction = CorrectionNote{.id = id, .reason = "a mistake"};
    return report;
  }

  std::map<std::string, uint64_t> sequences_;
};

// --- Durations

TEST_F(BudgetsTest, ManyWindowsOfANanosecondCarryNoTime) {
  StartWriter();
  std::vector<SequencedReport> reports;
  for (int i = 0; i < 50; ++i) {
    UsageReport report = Report("h", 0, {Assigned("half", 8, "alpha", 1)});
    report.window_start_unix_nanos += i;
    report.window_length_nanos = 1;
    report.duration_nanos = kMinute;
    reports.push_back(Numbered(0, report));
  }
  EXPECT_THAT(Send("me", std::move(reports)).dispositions, SizeIs(50));
  EXPECT_EQ(Booked(), 0);
}

TEST_F(BudgetsTest, WhatASourceHasSavedGoesOnWithinATransactionAndAfterIt) {
  StartWriter();
  const auto window = [](int64_t index, int64_t duration) {
    UsageReport report = Report("h", index, {Assigned("half", 1, "alpha", 1)});
    report.duration_nanos = duration;
    return report;
  };
  EXPECT_EQ(Refusal(Send("me", window(0, kWindow))), "counted");  // saves one second
  EXPECT_THAT(Refusal(Send("me", window(1, kWindow + 2 * kSecond + 1))),
              HasSubstr("bad_window duration_nanos"));
  const SubmitResult both = Send("me", {Numbered(0, window(2, kWindow + 2 * kSecond)),
                                        Numbered(0, window(3, kWindow + 2 * kSecond))});
  ASSERT_THAT(both.dispositions, SizeIs(1)) << "the first has used it up";
  EXPECT_EQ(both.dispositions[0].sequence, 4U);
}

// --- Signals

TEST_F(BudgetsTest, JunkSignalsOfOneSenderLeaveRoomForOthers) {
  StartWriter();
  constexpr int kMost = SignalBudget::kMostNew;
  EXPECT_EQ(Refusal(Send("host-a", WithSignals("a", 0, "junk", kMost))), "counted");
  EXPECT_THAT(Refusal(Send("host-a", WithSignals("a", 1, "more", 1))),
              HasSubstr("too_many_signals groups[0].signal: \"more0\""));
  EXPECT_EQ(Refusal(Send("host-a", WithSignals("a", 1, "junk", kMost))), "counted")
      << "they are known";
  EXPECT_EQ(Refusal(Send("host-b", WithSignals("b", 0, "new", 1))), "counted");
}

TEST_F(BudgetsTest, WhatIsTakenOfTheBooksIsTold) {
  StartWriter();
  const auto used = [&](const std::string& amount) {
    for (const auto& [name, ratio] : writer_->BooksUsed()) {
      if (name == amount) return ratio;
    }
    return -1.0;
  };
  EXPECT_EQ(used("output_tokens"), 0);
  EXPECT_EQ(used("signals"), 0);
  ASSERT_EQ(Refusal(Send("a", Served("a", 1, OutcomeShares::kMostNet / 4))), "counted");
  EXPECT_NEAR(used("output_tokens"), 0.25, 1e-9);
  EXPECT_EQ(used("input_tokens"), 0);
  ASSERT_EQ(Refusal(Send("a", WithSignals("h", 1, "s", 32))), "counted");
  EXPECT_EQ(used("signals"), 32.0 / 1'024);
  EXPECT_GT(used("chip_seconds"), 0);
  EXPECT_EQ(probe_.overflowed, 0);
}

TEST_F(BudgetsTest, ReportsWithUsageUnderTheSignalOverflowAreCounted) {
  StartWriter();
  for (int sender = 0; sender < 33; ++sender) {
    const std::string name = "sender-" + std::to_string(sender);
    ASSERT_EQ(Refusal(Send(name, WithSignals(name, 1, name + "-", 32))), "counted");
  }
  // The fixture's own signal is none of them.
  EXPECT_GE(probe_.overflowed, 1);
  EXPECT_LE(probe_.overflowed, 2);
}

TEST_F(BudgetsTest, WithoutIdentitiesEachSourceHasABudget) {
  StartWriter();
  constexpr int kMost = SignalBudget::kMostNew;
  EXPECT_EQ(Refusal(Send("local", WithSignals("a", 0, "junk", kMost))), "counted");
  EXPECT_THAT(Refusal(Send("local", WithSignals("a", 1, "more", 1))), HasSubstr("too_many"));
  EXPECT_EQ(Refusal(Send("local", WithSignals("b", 0, "new", 1))), "counted");
}

TEST_F(BudgetsTest, WhatASenderHasBroughtIsForgivenByTheHour) {
  StartWriter();
  constexpr int kMost = SignalBudget::kMostNew;
  EXPECT_EQ(Refusal(Send("host", WithSignals("h", 0, "junk", kMost))), "counted");
  clock_.Pass(kHour - kSecond);
  EXPECT_THAT(Refusal(Send("host", WithSignals("h", 300, "more", 1))), HasSubstr("too_many"));
  clock_.Pass(kSecond);
  EXPECT_THAT(Refusal(Send("host", WithSignals("h", 301, "more", 2))), HasSubstr("\"more1\""));
  EXPECT_EQ(Refusal(Send("host", WithSignals("h", 302, "more", 1))), "counted");
}

TEST_F(BudgetsTest, SignalsOfATransactionThatFailsAreNotUsedUp) {
  StartWriter();
  constexpr int kMost = SignalBudget::kMostNew;
  ledger_.Fail(absl::UnavailableError("disk full"));
  EXPECT_FALSE(Send("host", WithSignals("h", 0, "junk", kMost)).status.ok());
  --sequences_["host"];
  ledger_.Fail(absl::OkStatus());
  EXPECT_EQ(Refusal(Send("host", WithSignals("h", 0, "other", kMost))), "counted");
}

// --- Outcomes

constexpr int64_t kMostTokens = 1'000'000'000'000'000;  // of a row

TEST_F(BudgetsTest, AbsurdOutcomesOfOneSenderBlockNobodyElse) {
  StartWriter();
  EXPECT_EQ(Refusal(Send("evil", Served("gateway-e", 1, kMostTokens, 500))), "counted");
  EXPECT_THAT(Refusal(Send("evil", Served("gateway-e", 2, kMostTokens, 500))),
              HasSubstr("bad_amount inference.rows[76].output_tokens"));
  EXPECT_EQ(Refusal(Send("good", Served("gateway-g", 1, 1'000'000))), "counted");
  // Whoever takes all that it may, the next one finds half of the rest.
  for (int i = 0; i < 8; ++i) {
    const std::string name = "evil-" + std::to_string(i);
    for (int rows = 512; rows > 0; rows /= 2) {
      Send(name, Served(name, 10 + rows, kMostTokens, rows));
    }
  }
  EXPECT_EQ(Refusal(Send("good", Served("gateway-g", 2, 1'000'000))), "counted");
  EXPECT_EQ(Refusal(Send("new", Served("gateway-n", 1, 1'000'000))), "counted");
}

TEST_F(BudgetsTest, ACorrectionFreesWhatItTakesBack) {
  StartWriter();
  const OutcomeReport absurd = Served("gateway", 1, kMostTokens, 550);
  OutcomeReport back = absurd;
  for (InferenceRow& row : back.inference) {
    row.requests = -1;
    row.output_tokens = -kMostTokens;
  }
  EXPECT_EQ(Refusal(Send("owner", absurd)), "counted");
  EXPECT_THAT(Refusal(Send("owner", Served("gateway", 2, kMostTokens, 550))),
              HasSubstr("bad_amount"));
  EXPECT_EQ(Refusal(Send("administrator", Correcting(back, "1"))), "counted");
  EXPECT_EQ(Refusal(Send("owner", Served("gateway", 3, kMostTokens, 550))), "counted");
  EXPECT_EQ(Refusal(Send("administrator", Correcting(
                                              [&] {
                                                OutcomeReport again = back;
                                                again.window_start_unix_nanos = kStart - 3 * kDay;
                                                return again;
                                              }(),
                                              "2"))),
            "counted");
  // All that was ever added has a limit of its own.
  EXPECT_THAT(Refusal(Send("owner", Served("gateway", 4, kMostTokens, 550))),
              HasSubstr("bad_amount"));
  EXPECT_EQ(Refusal(Send("other", Served("other", 1, kMostTokens, 200))), "counted");
}

// --- Chip-time

TEST_F(BudgetsTest, AReportThatTheBooksCannotHoldIsRefusedAlone) {
  ledger_.restored.chip_nanos = kMostChipNanos - 1'000 * kWindow;
  StartWriter();
  const auto holding = [](const std::string& source, int64_t chips) {
    return Numbered(0, Report(source, 0, {HeldOnly("half", chips, "alpha")}));
  };
  // Half of the rest is 500.
  const SubmitResult result = Send("evil", {holding("a", 501), holding("b", 500), holding("c", 1)});
  EXPECT_TRUE(result.status.ok());
  ASSERT_THAT(result.dispositions, SizeIs(2));
  EXPECT_EQ(result.dispositions[0].sequence, 1U);
  EXPECT_EQ(result.dispositions[0].rejection.reason, RejectReason::kBadAmount);
  EXPECT_EQ(result.dispositions[1].sequence, 3U);
  EXPECT_THAT(Send("good", {holding("d", 250)}).dispositions, IsEmpty());
  EXPECT_THAT(Send("good", {holding("e", 1)}).dispositions, SizeIs(1));
  EXPECT_THAT(Send("evil", Report("idle", 0, {})).dispositions, IsEmpty()) << "it needs no room";
}

TEST_F(BudgetsTest, LiveSumsOfAMillionSourcesDoNotOverflow) {
  // Each has about as many chips as a million sources of ten million each.
  FleetState state({.silent_after_nanos = kHour,
                    .forget_after_nanos = 2 * kHour,
                    .keep_windows_nanos = 3 * kHour,
                    .idle_below = 0.05});
  const auto reference = MakeReferenceData();
  constexpr int64_t kMostOfASource = INT64_MAX / kMicroChipsPerChip;
  UsageReport report = Report("", 0, {Free("half", 1, ChipState::kUnassigned)});
  report.window_length_nanos = report.duration_nanos = 1;
  report.groups[0].chip_nanos = kMostOfASource;
  constexpr int64_t kSources = 10;
  for (int64_t i = 0; i < kSources; ++i) {
    report.source = "h" + std::to_string(i);
    ApplyTo(state, report, *reference, kStart);
  }
  const absl::int128 expected = absl::int128(kMostOfASource) * kMicroChipsPerChip * kSources;
  EXPECT_EQ(state.Copy(kStart).cells.at(0).live.chips, expected);
  state.Advance(reference, kStart + kHour + kMinute, kHour);
  EXPECT_EQ(state.Copy(kStart).cells.at(0).live.chips, 0);
  EXPECT_EQ(state.Copy(kStart).cells.at(0).unheard, expected);
  state.Advance(reference, kStart + 3 * kHour, 2 * kHour);
  EXPECT_EQ(state.Copy(kStart).cells.at(0).unaccounted, expected);
}

// --- Gaps

TEST_F(BudgetsTest, LateWindowsAreTakenInEveryGapThatIsRememberedAndLostOnesAreCounted) {
  limits_.future_tolerance_nanos = 100 * kDay;
  StartWriter();
  constexpr int64_t kGaps = WindowSet::kMaxGaps;
  const auto empty = [](int64_t index) { return Report("h", index, {}); };
  for (int64_t i = 0; i <= kGaps; ++i) {
    ASSERT_EQ(Refusal(Send("me", empty(3 * i))), "counted") << i;
  }
  EXPECT_EQ(probe_.closed_gaps, 0);
  EXPECT_EQ(Refusal(Send("me", empty(3 * (kGaps + 1)))), "counted");
  EXPECT_EQ(probe_.closed_gaps, 1) << "the oldest";
  EXPECT_THAT(Refusal(Send("me", empty(1))), HasSubstr("window_overlap"));
  for (int64_t i = 1; i <= kGaps; i += 25) {
    EXPECT_EQ(Refusal(Send("me", empty(3 * i + 1))), "counted") << i;
    EXPECT_THAT(Refusal(Send("me", empty(3 * i + 1))), HasSubstr("window_overlap")) << i;
  }
  EXPECT_EQ(probe_.closed_gaps, 1) << "a window at the beginning of a gap makes no further one";
}

}  // namespace
}  // namespace fleetmeter
