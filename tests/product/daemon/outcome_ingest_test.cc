// Outcome reports to a real daemon with a ledger: in sequence with usage, once, over restarts.
#include "daemon/ledger/read/read_outcomes.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

constexpr int64_t kOneDay = 24 * kHour;

constexpr char kPrices[] =
    "version: 3\n"
    "prices:\n"
    "  - {model: sonnet, effective_from: 2020-01-01, input: 3, output: 15}\n"
    "  - {model: sonnet, effective_from: 2024-01-01, input: 2, output: 10}\n"
    "subscriptions:\n"
    "  - {customer_tier: pro, effective_from: 2020-01-01, usd_per_month: 1000}\n";

// A day in seconds since 1970, and a little after the second price.
constexpr int64_t kDay0 = 19'800 * int64_t{86'400};

v1::OutcomeReport Served(int64_t day, int64_t requests, const std::string& tier = "api",
                         const std::string& source = "billing") {
  v1::OutcomeReport report;
  report.set_source(source);
  report.set_window_start_unix_nanos((kDay0 + day * 86'400) * kSecond);
  report.set_window_length_nanos(kOneDay);
  v1::InferenceRow& row = *report.mutable_inference()->add_rows();
  row.set_model("sonnet");
  row.set_customer_tier(tier);
  row.set_requests(requests);
  row.set_input_tokens(1'000 * requests);
  row.set_output_tokens(100 * requests);
  return report;
}

class OutcomeIngestTest : public testing::Test {
 protected:
  OutcomeIngestTest() {
    files_.Write("prices.yaml", kPrices);
    DaemonSettings settings;
    settings.more = "ledger:\n  path: " + files_.PathOf("ledger.db") +
                    "\noutcomes:\n  prices: " + files_.PathOf("prices.yaml") + "\n";
    settings_ = settings;
    Start();
  }
  void Start() { daemon_ = std::make_unique<Daemon>(settings_); }

  UnaryAnswer Send(const std::string& stream_id, std::vector<v1::OutcomeReport> outcomes,
                   uint64_t first_sequence, std::vector<v1::UsageReport> usage = {},
                   bool history = false) {
    v1::ReportRequest request;
    request.set_stream_id(stream_id);
    request.set_history(history);
    for (v1::OutcomeReport& outcome : outcomes) {
      outcome.set_sequence(first_sequence++);
      *request.add_outcomes() = outcome;
    }
    for (v1::UsageReport& report : usage) {
      report.set_sequence(first_sequence++);
      *request.add_reports() = report;
    }
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    v1::ReportResponse response;
    UnaryAnswer answer;
    answer.status = daemon_->ingest().Report(&context, request, &response);
    answer.ack = response.ack();
    return answer;
  }

  std::vector<SegmentSum> Sums(int64_t from_day = -10'000, int64_t to_day = 10'000) {
    const auto ledger = Database::Open(files_.PathOf("ledger.db"), {.read_only = true});
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    const auto sums = ReadInference(
        **ledger, {.from_day = kDay0 + from_day * 86'400, .to_day = kDay0 + to_day * 86'400});
    EXPECT_TRUE(sums.ok()) << sums.status();
    return *sums;
  }

  const TempFolder files_;
  DaemonSettings settings_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(OutcomeIngestTest, IsPricedBookedAndReadBack) {
  const std::string id = RandomStreamId();
  v1::OutcomeReport told = Served(0, 7, "deal");
  told.set_source("sales");
  told.mutable_inference()->mutable_rows(0)->set_revenue_micro_usd(123'456);
  v1::OutcomeReport old = Served(-1'000, 10);
  const UnaryAnswer answer = Send(id, {Served(0, 10), told, old, Served(1, 10, "pro")}, 1);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_EQ(answer.ack.acknowledged_through(), 4U);
  EXPECT_EQ(answer.ack.dispositions_size(), 0) << answer.ack.ShortDebugString();
  const auto sums = Sums();
  ASSERT_EQ(sums.size(), 3U);
  // 10,000 tokens at $2 and 1,000 at $10 a million; before, at $3 and $15.
  EXPECT_EQ(sums[0].customer_tier, "api");
  EXPECT_EQ(sums[0].amounts.revenue_micro_usd, 30'000 + 45'000);
  EXPECT_EQ(sums[0].amounts.requests, 20);
  EXPECT_EQ(sums[0].amounts.input_tokens, 20'000);
  EXPECT_EQ(sums[1].customer_tier, "deal");
  EXPECT_EQ(sums[1].amounts.revenue_micro_usd, 123'456);
  EXPECT_EQ(sums[2].customer_tier, "pro");
  EXPECT_EQ(sums[2].amounts.revenue_micro_usd, 0) << "subscribers pay by the month";
  EXPECT_EQ(sums[2].amounts.unpriced_requests, 0);
  EXPECT_EQ(Sums(0, 1)[0].amounts.requests, 10) << "by the day that it was served on";
}

TEST_F(OutcomeIngestTest, IsCountedOnceOverRestarts) {
  const std::string id = RandomStreamId();
  ASSERT_TRUE(Send(id, {Served(0, 1), Served(1, 2)}, 1).status.ok());
  daemon_->Kill();
  Start();
  // The answer did not come, so it is sent again, and goes on.
  const UnaryAnswer again = Send(id, {Served(0, 1), Served(1, 2), Served(2, 4)}, 1);
  EXPECT_EQ(again.ack.acknowledged_through(), 3U);
  ASSERT_EQ(again.ack.dispositions_size(), 2);
  EXPECT_EQ(again.ack.dispositions(0).code(), v1::Disposition::DUPLICATE);
  // Another content under a sequence that was settled, and the same windows by another stream.
  EXPECT_EQ(Send(id, {Served(0, 99)}, 3).ack.dispositions(0).code(), v1::Disposition::CONFLICT);
  const UnaryAnswer other = Send(RandomStreamId(), {Served(1, 2)}, 1);
  ASSERT_EQ(other.ack.dispositions_size(), 1);
  EXPECT_EQ(other.ack.dispositions(0).reason(), "window_overlap");
  EXPECT_EQ(Sums()[0].amounts.requests, 7);
}

TEST_F(OutcomeIngestTest, CorrectionsAreEntriesThatNameWhatTheyCorrect) {
  const std::string id = RandomStreamId();
  ASSERT_TRUE(Send(id, {Served(0, 10)}, 1).status.ok());
  v1::OutcomeReport refund = Served(0, -4);
  refund.mutable_correction()->set_id("credit-1");
  v1::InferenceRow& row = *refund.mutable_inference()->mutable_rows(0);
  row.set_revenue_micro_usd(-12'000);
  EXPECT_EQ(Send(id, {refund}, 2).ack.dispositions_size(), 0);
  daemon_->Kill();
  Start();
  const UnaryAnswer twice = Send(RandomStreamId(), {refund}, 1);
  ASSERT_EQ(twice.ack.dispositions_size(), 1);
  EXPECT_EQ(twice.ack.dispositions(0).reason(), "already_booked");
  const auto sums = Sums();
  EXPECT_EQ(sums[0].amounts.requests, 6);
  EXPECT_EQ(sums[0].amounts.revenue_micro_usd, 30'000 - 12'000);
}

TEST_F(OutcomeIngestTest, SharesAStreamWithUsage) {
  StreamClient client(daemon_->ingest());
  ASSERT_TRUE(client.Open());
  EXPECT_EQ(client.Settle({Numbered(GoodReport("host"), 1)}).acknowledged_through(), 1U);
  v1::OutcomeReport outcome = Served(0, 10);
  outcome.set_sequence(2);
  const auto send = [&](std::vector<v1::OutcomeReport> outcomes) {
    return client.Settle({}, std::move(outcomes));
  };
  EXPECT_EQ(send({outcome}).acknowledged_through(), 2U);
  outcome.set_sequence(5);
  const v1::Ack gap = send({outcome});
  ASSERT_EQ(gap.dispositions_size(), 1);
  EXPECT_EQ(gap.dispositions(0).code(), v1::Disposition::OUT_OF_SEQUENCE);
  EXPECT_EQ(client.Settle({Numbered(GoodReport("other"), 3)}).acknowledged_through(), 3U);
  EXPECT_EQ(
      daemon_->ScrapeMetrics().Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}}),
      3);
}

TEST_F(OutcomeIngestTest, OneBatchIsOfOneKind) {
  const UnaryAnswer answer = Send(RandomStreamId(), {Served(0, 1)}, 1, {GoodReport("host")});
  EXPECT_EQ(answer.status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(answer.status.error_message(),
            "1 reports and 1 outcomes come together; expected one or the other");
  StreamClient client(daemon_->ingest());
  ASSERT_TRUE(client.Open());
  client.Settle({GoodReport("host")}, {Served(0, 1)});
  EXPECT_EQ(client.AwaitEnd().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(OutcomeIngestTest, BooksInMemoryDoNotTakeThem) {
  settings_.more = "";
  Start();
  const UnaryAnswer answer = Send(RandomStreamId(), {Served(0, 1)}, 1);
  EXPECT_EQ(answer.status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(answer.status.error_message(), HasSubstr("expected a daemon with ledger.path"));
}

TEST_F(OutcomeIngestTest, AnEmptyCallSaysHowFarAStreamIs) {
  const std::string id = RandomStreamId();
  EXPECT_EQ(Send(id, {}, 1).ack.acknowledged_through(), 0U);
  ASSERT_TRUE(Send(id, {Served(0, 1), Served(1, 1)}, 1).status.ok());
  EXPECT_EQ(Send(id, {}, 1).ack.acknowledged_through(), 2U);
}

TEST_F(OutcomeIngestTest, AnEmptyCallTellsWhatWasRejected) {
  const std::string id = RandomStreamId();
  v1::OutcomeReport unknown = Served(1, 1);
  unknown.mutable_inference()->mutable_rows(0)->set_pool("nowhere");
  ASSERT_EQ(Send(id, {Served(0, 1), unknown, Served(2, 1)}, 1).ack.dispositions_size(), 1);
  const auto ask = [&](bool tell) {
    v1::ReportRequest request;
    request.set_stream_id(id);
    request.set_tell_rejected(tell);
    grpc::ClientContext context;
    v1::ReportResponse response;
    EXPECT_TRUE(daemon_->ingest().Report(&context, request, &response).ok());
    return response.ack();
  };
  EXPECT_EQ(ask(false).dispositions_size(), 0);
  const v1::Ack told = ask(true);
  EXPECT_EQ(told.acknowledged_through(), 3U);
  ASSERT_EQ(told.dispositions_size(), 1);
  EXPECT_EQ(told.dispositions(0).sequence(), 2U);
  EXPECT_EQ(told.dispositions(0).code(), v1::Disposition::REJECTED);
  EXPECT_EQ(told.dispositions(0).reason(), "unknown_pool");
  daemon_->Kill();
  Start();
  EXPECT_EQ(ask(true).SerializeAsString(), told.SerializeAsString());
}

TEST_F(OutcomeIngestTest, HistoryOfUsageIsBookedAndNotLive) {
  const std::string id = RandomStreamId();
  v1::UsageReport old = GoodReport("host", 500 * kOneDay, 12 * kHour);
  ASSERT_EQ(Send(id, {}, 1, {old}).ack.dispositions(0).reason(), "bad_window");
  const UnaryAnswer answer = Send(RandomStreamId(), {}, 1, {old}, /*history=*/true);
  EXPECT_EQ(answer.ack.dispositions_size(), 0) << answer.ack.ShortDebugString();
  const auto counted = [&] {
    return daemon_->ScrapeMetrics()
        .Value("fleetmeter_pool_assigned_chip_seconds_total", {{"pool", "serving"}})
        .value_or(0);
  };
  const auto booked = [&] {
    const auto ledger = Database::Open(files_.PathOf("ledger.db"), {.read_only = true});
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return (*ledger)
        ->Integer("SELECT sum(chips_s) FROM totals WHERE pool = 'serving'")
        .value_or(-1);
  };
  EXPECT_EQ(booked(), 2 * 12 * 3'600);
  EXPECT_EQ(counted(), 0) << "a counter says what happened while it was scraped";
  EXPECT_EQ(daemon_->TotalsOf("serving").assigned, "0");
  EXPECT_EQ(daemon_->ScrapeMetrics().Value("fleetmeter_sources", {{"state", "live"}}).value_or(0),
            0);
  daemon_->Kill();
  Start();
  EXPECT_EQ(booked(), 2 * 12 * 3'600);
  EXPECT_EQ(counted(), 0) << "nor after a restart";
  const UnaryAnswer again = Send(RandomStreamId(), {}, 1, {old}, /*history=*/true);
  ASSERT_EQ(again.ack.dispositions_size(), 1) << "whoever brings it again, and whenever";
  EXPECT_EQ(again.ack.dispositions(0).reason(), "window_overlap");
}

// Counters say what was reported while they were scraped. Margins speak of history too.
TEST_F(OutcomeIngestTest, HistoryOfOutcomesEntersNoCounter) {
  const auto counted = [&] {
    return daemon_->ScrapeMetrics()
        .Value("fleetmeter_inference_requests_total", {{"customer_tier", "api"}})
        .value_or(0);
  };
  const UnaryAnswer old = Send(RandomStreamId(), {Served(0, 10)}, 1, {}, /*history=*/true);
  EXPECT_EQ(old.ack.dispositions_size(), 0) << old.ack.ShortDebugString();
  EXPECT_EQ(Sums()[0].amounts.requests, 10);
  EXPECT_EQ(counted(), 0);
  ASSERT_TRUE(Send(RandomStreamId(), {Served(1, 3)}, 1).status.ok());
  EXPECT_EQ(Sums()[0].amounts.requests, 13);
  EXPECT_EQ(counted(), 3);
  daemon_->Kill();
  Start();
  EXPECT_EQ(counted(), 3) << "also after a restart";
}

}  // namespace
}  // namespace fleetmeter::e2e
