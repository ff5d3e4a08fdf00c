// History of usage through the writer: it is booked, and it is no sign of life.
#include <fmt/format.h>

#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

class UsageHistoryTest : public WriterTest {
 protected:
  void Start() {
    StartWriter();
    WriterSettings settings;
    settings.reference = MakeReferenceData();
    settings.windows = limits_;
    settings.state = {.silent_after_nanos = 3'600 * kNanosPerSecond,
                      .forget_after_nanos = 7'200 * kNanosPerSecond,
                      .keep_windows_nanos = 9'000 * kNanosPerSecond,
                      .idle_below = 0.05};
    writer_->Replace(settings);
  }

  // A window of host h1 that starts so many windows before the test, live or as history: why it is
  // refused, or "counted".
  std::string Send(uint64_t sequence, int64_t windows_ago, bool history) {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {"me", history ? "history" : "live"};
    submission.history = history;
    UsageReport report = Report("h1", 0, {Assigned("half", 10, "alpha", 1)});
    report.window_start_unix_nanos = kStart - windows_ago * kWindow;
    submission.reports = {Numbered(sequence, report)};
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    const SubmitResult result = promise->get_future().get();
    if (result.dispositions.size() != 1) return "counted";
    const Rejection& rejection = result.dispositions[0].rejection;
    return fmt::format("{} {}: {}", Name(rejection.reason), rejection.field, rejection.detail);
  }
};

TEST_F(UsageHistoryTest, IsOfAnyAgeAndNeverLive) {
  Start();
  constexpr int64_t kYears = 6'000'000;  // windows of 10 s
  EXPECT_THAT(Send(1, kYears, false), HasSubstr("window_too_old"));
  EXPECT_EQ(Send(1, kYears, true), "counted");
  EXPECT_TRUE(ledger_.last().counted.at(0).adjustment);
  EXPECT_TRUE(ledger_.last().counted.at(0).history);
  EXPECT_FALSE(ledger_.last().counted.at(0).latest);
  auto snapshot = TakeSnapshot(*writer_);
  EXPECT_EQ(snapshot->live_sources + snapshot->silent_sources, 0U);
  EXPECT_EQ(Booked(), 0) << "history is in the books, and in no live counter";
  EXPECT_THAT(Send(2, kYears, true), HasSubstr("window_overlap")) << "it is remembered for ever";
  clock_.Pass(20'000 * kNanosPerSecond);
  EXPECT_EQ(Send(2, 0, false), "counted") << "the host reports as well";
  EXPECT_THAT(Send(3, kYears, true), HasSubstr("window_overlap"));
}

TEST_F(UsageHistoryTest, IsNoSignOfLife) {
  Start();
  EXPECT_EQ(Send(1, 100, false), "counted");
  EXPECT_EQ(Send(2, 50, false), "counted");
  // Since then the host is silent, whoever brings what it did.
  EXPECT_THAT(Send(1, 10, true),
              HasSubstr("bad_window window_start_unix_nanos: source 'h1' also reports live, and "
                        "this history of it ends at "));
  EXPECT_EQ(Send(2, 70, true), "counted") << "in a gap";
  EXPECT_EQ(TakeSnapshot(*writer_)->live_sources, 1U);
}

}  // namespace
}  // namespace fleetmeter
