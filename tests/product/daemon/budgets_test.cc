// A hostile sender uses up its own budget and nobody else's, also over a restart; and no window
// carries time that never was.
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kMostTokens = 1'000'000'000'000'000;  // of a row

class DaemonBudgetsTest : public testing::Test {
 protected:
  DaemonBudgetsTest() {
    settings_.more = "ledger: {path: " + files_.PathOf("ledger.db") + "}\n";
    Start();
  }
  void Start() { daemon_ = std::make_unique<Daemon>(settings_); }
  void Restart() {
    EXPECT_EQ(daemon_->Stop(), 0);
    Start();
  }

  // By a stream of its own. "counted", or what the answer says of the first that was not.
  std::string Send(const std::vector<v1::UsageReport>& reports) {
    const UnaryAnswer answer = SendUnary(daemon_->ingest(), RandomStreamId(), reports);
    return Said(answer.status, answer.ack);
  }
  std::string Send(v1::OutcomeReport outcome) {
    v1::ReportRequest request;
    request.set_stream_id(RandomStreamId());
    outcome.set_sequence(1);
    *request.add_outcomes() = std::move(outcome);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    v1::ReportResponse response;
    const grpc::Status status = daemon_->ingest().Report(&context, request, &response);
    return Said(status, response.ack());
  }

  static std::string Said(const grpc::Status& status, const v1::Ack& ack) {
    if (!status.ok()) return status.error_message();
    if (ack.dispositions_size() == 0) return "counted";
    return ack.dispositions(0).reason() + " " + ack.dispositions(0).field();
  }

  // A report of one chip for each of so many new signals.
  static v1::UsageReport WithSignals(const std::string& source, const std::string& prefix,
                                     int number, int64_t ago = 10 * kSecond) {
    v1::UsageReport report = MakeReport(source, ago);
    for (int i = 0; i < number; ++i) {
      v1::UsageGroup& group =
          AddAssigned(report, "serving", "chat", {0.5}, "h100", prefix + std::to_string(i));
      group.mutable_per_chip()->set_device(0, static_cast<uint32_t>(i));
    }
    return Numbered(report, 1);
  }

  static v1::OutcomeReport Served(const std::string& source, int days_ago, int64_t tokens,
                                  int rows) {
    v1::OutcomeReport report;
    report.set_source(source);
    report.set_window_start_unix_nanos(NowNanos() / kDay * kDay - days_ago * kDay);
    report.set_window_length_nanos(kDay);
    for (int i = 0; i < rows; ++i) {
      v1::InferenceRow& row = *report.mutable_inference()->add_rows();
      row.set_model("m" + std::to_string(i / 24));
      row.set_customer_tier("t" + std::to_string(i % 24));
      row.set_requests(tokens < 0 ? -1 : 1);
      row.set_output_tokens(tokens);
      row.set_revenue_micro_usd(0);
    }
    return report;
  }

  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(DaemonBudgetsTest, WindowsOfANanosecondBookNoMinutes) {
  const int64_t start = NowNanos() - 60 * kSecond;
  std::vector<v1::UsageReport> reports;
  for (int i = 0; i < 500; ++i) {
    v1::UsageReport report = GoodReport("host");
    report.set_window_start_unix_nanos(start + i);
    report.set_window_length_nanos(1);
    report.set_duration_nanos(60 * kSecond);
    reports.push_back(Numbered(report, static_cast<uint64_t>(i) + 1));
  }
  const UnaryAnswer answer = SendUnary(daemon_->ingest(), RandomStreamId(), reports);
  EXPECT_EQ(answer.ack.acknowledged_through(), 500U) << "each is settled";
  EXPECT_EQ(answer.ack.dispositions_size(), 500);
  EXPECT_EQ(answer.ack.dispositions(499).reason(), "bad_window");
  EXPECT_EQ(daemon_->TotalsOf("serving"), (Totals{"", "", ""}));
}

TEST_F(DaemonBudgetsTest, JunkSignalsOfAHostLeaveRoomForOtherHosts) {
  EXPECT_EQ(Send({WithSignals("evil", "junk", 64)}), "too_many_signals groups[32].signal");
  EXPECT_EQ(Send({WithSignals("evil", "junk", 32)}), "counted");
  EXPECT_EQ(Send({WithSignals("evil", "more", 1, 5 * kSecond)}),
            "too_many_signals groups[0].signal");
  EXPECT_EQ(Send({WithSignals("good", "new", 1)}), "counted");
  Restart();
  EXPECT_EQ(Send({WithSignals("good", "newer", 1, 5 * kSecond)}), "counted");
}

TEST_F(DaemonBudgetsTest, AbsurdOutcomesBlockNeitherOthersNorTheirCorrection) {
  const v1::OutcomeReport absurd = Served("evil", 2, kMostTokens, 570);
  EXPECT_EQ(Send(absurd), "counted");
  EXPECT_THAT(Send(Served("evil", 1, kMostTokens, 570)), HasSubstr("bad_amount"));
  EXPECT_EQ(Send(Served("good", 1, 1'000'000, 1)), "counted");
  v1::OutcomeReport back = Served("evil", 2, -kMostTokens, 570);
  back.set_window_start_unix_nanos(absurd.window_start_unix_nanos());
  back.mutable_correction()->set_id("a mistake");
  EXPECT_EQ(Send(back), "counted");
  Restart();
  EXPECT_EQ(Send(Served("good", 2, 1'000'000, 1)), "counted");
  EXPECT_EQ(Send(Served("evil", 1, 1'000'000, 1)), "counted");
}

}  // namespace
}  // namespace fleetmeter::e2e
