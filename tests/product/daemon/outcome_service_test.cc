// Margin and capability of a real daemon's ledger: by gRPC, by metrics and by fleetmeterctl.
#include <grpcpp/grpcpp.h>

#include <cstdlib>

#include "fleetmeter/v1/outcomes.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/metric_promises.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr int64_t kDaySeconds = 24 * kHour;
constexpr int64_t kLongAgo =
    375 * kDaySeconds;  // in the year before's last four weeks, and its year

constexpr char kPricesFile[] =
    "version: 3\n"
    "prices:\n"
    "  - {model: opus, effective_from: 2020-01-01, input: 3, output: 15}\n"
    "subscriptions:\n"
    "  - {customer_tier: nobody, effective_from: 2020-01-01, usd_per_month: 1000}\n";

struct SoldRow {
  std::string tier;
  int64_t requests = 0;
  int64_t tokens = 0;
  int64_t revenue_micro_usd = 0;
};

v1::OutcomeReport Inference(int64_t start, const std::vector<SoldRow>& rows) {
  v1::OutcomeReport report;
  report.set_source("billing");
  report.set_window_start_unix_nanos(start);
  report.set_window_length_nanos(kSecond);
  for (const SoldRow& served : rows) {
    v1::InferenceRow& row = *report.mutable_inference()->add_rows();
    row.set_model("opus");
    row.set_customer_tier(served.tier);
    row.set_requests(served.requests);
    row.set_input_tokens(served.tokens);
    row.set_revenue_micro_usd(served.revenue_micro_usd);
  }
  return report;
}

// Chips of pool "serving" for a second: two, one of them busy. $0.001 a chip-second.
v1::UsageReport Serving(const std::string& source, int64_t ago, const std::string& model) {
  v1::UsageReport report = GoodReport(source, ago);
  if (!model.empty()) report.mutable_groups(0)->set_model(model);
  return report;
}

int64_t Seconds(const std::string& date) {
  std::tm time{};
  strptime(date.c_str(), "%Y-%m-%d", &time);
  return timegm(&time);
}

v1::OutcomeReport Scores(const std::vector<std::pair<std::string, double>>& by_date) {
  v1::OutcomeReport report;
  report.set_source("evals");
  for (const auto& [date, score] : by_date) {
    v1::BenchmarkResult& result = *report.mutable_benchmarks()->add_results();
    result.set_model("model-of-" + date);
    result.set_family("opus");
    result.set_benchmark("mmlu");
    result.set_score(score);
    result.set_date_unix_seconds(Seconds(date));
  }
  return report;
}

// 100 H100e-hours of a day.
v1::OutcomeReport Trained(const std::string& date) {
  v1::OutcomeReport report;
  report.set_source("platform");
  report.set_window_start_unix_nanos(Seconds(date) * kSecond);
  report.set_window_length_nanos(kDaySeconds);
  v1::TrainingReport& row = *report.mutable_training();
  row.set_model("model-of-" + date);
  row.set_run("run-" + date);
  row.set_phase(v1::TRAINING_PHASE_PRE);
  row.set_h100e_seconds(360'000);
  return report;
}

class OutcomeServiceTest : public testing::Test {
 protected:
  OutcomeServiceTest() {
    files_.Write("prices.yaml", kPricesFile);
    DaemonSettings settings;
    settings.catalog = Replaced(kCatalog, "title: NVIDIA H100\n",
                                "title: NVIDIA H100\n    usd_per_chip_hour: 3.6\n");
    settings.more = "ledger:\n  path: " + LedgerPath() +
                    "\noutcomes:\n  windows: [28d, year]\n  refresh: 100ms\n  prices: " +
                    files_.PathOf("prices.yaml") + "\n  benchmarks: " + Suite() + "\n";
    daemon_ = std::make_unique<Daemon>(settings);
  }

  static std::string Suite() {
    return std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/deploy/outcomes/benchmarks.yaml";
  }
  std::string LedgerPath() const { return files_.PathOf("ledger.db"); }

  void Send(v1::ReportRequest request) {
    request.set_stream_id(RandomStreamId());
    request.set_history(true);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    v1::ReportResponse response;
    const grpc::Status status = daemon_->ingest().Report(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    ASSERT_EQ(response.ack().dispositions_size(), 0) << response.ShortDebugString();
  }
  void Send(const std::vector<v1::OutcomeReport>& outcomes,
            const std::vector<v1::UsageReport>& usage) {
    uint64_t sequence = 0;
    v1::ReportRequest told;
    for (const v1::OutcomeReport& outcome : outcomes) {
      *told.add_outcomes() = outcome;
      told.mutable_outcomes()->rbegin()->set_sequence(++sequence);
    }
    Send(told);
    if (usage.empty()) return;
    sequence = 0;
    v1::ReportRequest measured;
    for (const v1::UsageReport& report : usage) {
      *measured.add_reports() = Numbered(report, ++sequence);
    }
    Send(measured);
  }

  // Of now: revenue 6,000, chips 2,000 (used 1,000) of opus and as much of a model that served
  // nothing; 20 requests. A year ago: 5,000 and 2,000 (1,000); 10 requests.
  void SendBothYears() {
    const int64_t now = NowNanos();
    Send({Inference(now - kLongAgo, {{"max", 10, 100, 5'000}}),
          Inference(now - 20 * kSecond, {{"free", 10, 100, 0}, {"max", 10, 300, 6'000}})},
         {Serving("old", kLongAgo, "opus"), Serving("new", 20 * kSecond, "opus"),
          Serving("other", 20 * kSecond, "gone")});
  }

  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::Outcomes::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    return CallOn(*daemon_, method, request, response);
  }
  template <class Request, class Response>
  static grpc::Status CallOn(const Daemon& daemon,
                             grpc::Status (v1::Outcomes::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Response*),
                             const Request& request, Response* response) {
    const auto stub = v1::Outcomes::NewStub(
        grpc::CreateChannel(daemon.query_address(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    return ((*stub).*method)(&context, request, response);
  }
  v1::MarginReport Margin(const std::string& window, const std::string& basis) {
    v1::GetMarginRequest request;
    request.set_window(window);
    request.set_basis(basis);
    v1::MarginReport report;
    const grpc::Status status = Call(&v1::Outcomes::Stub::GetMargin, request, &report);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return report;
  }
  std::string Ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), BinaryPath("daemon/fleetmeterctl"));
    auto ctl = ChildProcess::Start(arguments);
    EXPECT_TRUE(ctl.ok()) << ctl.status();
    EXPECT_EQ((*ctl)->Wait(60s), 0) << (*ctl)->Stderr();
    return (*ctl)->Stdout();
  }

  const TempFolder files_;
  std::unique_ptr<Daemon> daemon_;
};

TEST_F(OutcomeServiceTest, WorksTheMarginOutOnBothBases) {
  SendBothYears();
  const v1::MarginReport report = Margin("28d", "allocated");
  ASSERT_GE(report.rows_size(), 1);
  const v1::MarginRow& total = report.rows(0);
  EXPECT_EQ(total.after().requests(), 20);
  EXPECT_EQ(total.after().known_requests(), 20);
  EXPECT_EQ(total.after().revenue_micro_usd(), 6'000);
  EXPECT_EQ(total.after().cost_micro_usd(), 2'000);
  EXPECT_EQ(total.before().margin_micro_usd(), 3'000);
  EXPECT_TRUE(total.declined()) << "from $0.0003 to $0.0002";
  EXPECT_EQ(report.unattributed_cost_micro_usd(), 2'000);
  EXPECT_EQ(report.before_unattributed_cost_micro_usd(), 0);
  EXPECT_GT(report.subscription_micro_usd(), 0);
  EXPECT_EQ(report.subscription_micro_usd(), report.unattributed_subscription_micro_usd());
  EXPECT_EQ(report.price_book_version(), 3U);
  EXPECT_EQ(report.plan(), "test");
  for (const v1::MarginRow& row : report.rows()) {
    if (row.scope() != "segment") continue;
    EXPECT_EQ(row.after().cost_micro_usd(), row.customer_tier() == "max" ? 1'500 : 500);
  }
  const v1::MarginEffects& change = report.change();
  EXPECT_EQ(change.volume_micro_usd() + change.mix_micro_usd() + change.price_micro_usd() +
                change.cost_micro_usd(),
            1'000);
  EXPECT_THAT(report.declines(0), HasSubstr("of the total fell from $0.000300 to $0.000200"));
  const v1::MarginReport used = Margin("year", "used");
  EXPECT_EQ(used.rows(0).after().cost_micro_usd(), 1'000);
  EXPECT_EQ(used.rows(0).before().cost_micro_usd(), 1'000);
  EXPECT_EQ(used.unattributed_cost_micro_usd(), 1'000);
  // A window without anything.
  v1::GetMarginRequest request;
  request.set_from_unix_seconds(Seconds("2001-01-01"));
  request.set_to_unix_seconds(Seconds("2001-02-01"));
  v1::MarginReport empty;
  ASSERT_TRUE(Call(&v1::Outcomes::Stub::GetMargin, request, &empty).ok());
  EXPECT_EQ(empty.rows_size(), 0);
  EXPECT_FALSE(empty.has_change());
}

TEST_F(OutcomeServiceTest, MergesRowsBeyondTheLimit) {
  SendBothYears();
  v1::GetMarginRequest request;
  request.set_window("28d");
  request.set_limit(1);
  v1::MarginReport report;
  ASSERT_TRUE(Call(&v1::Outcomes::Stub::GetMargin, request, &report).ok());
  EXPECT_EQ(report.merged_rows(), 4U);  // two customer tiers and two segments
  ASSERT_EQ(report.rows_size(), 4);
  EXPECT_EQ(report.rows(3).customer_tier(), "overflow");
  EXPECT_EQ(report.rows(3).after().margin_micro_usd(), 4'000);
}

TEST_F(OutcomeServiceTest, SaysWhatIsWrongWithAQuestion) {
  const auto refused = [&](const v1::GetMarginRequest& request) {
    v1::MarginReport report;
    return Call(&v1::Outcomes::Stub::GetMargin, request, &report);
  };
  v1::GetMarginRequest request;
  EXPECT_THAT(refused(request).error_message(), HasSubstr("expected either a window"));
  request.set_window("month");
  EXPECT_EQ(refused(request).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused(request).error_message(), HasSubstr("expected quarter, year or days"));
  request.set_window("7d");
  request.set_basis("both");
  EXPECT_THAT(refused(request).error_message(), HasSubstr("expected allocated or used"));
  request.set_basis("");
  request.set_limit(1'001);
  EXPECT_THAT(refused(request).error_message(), HasSubstr("expected at most 1000"));
  request.Clear();
  request.set_from_unix_seconds(Seconds("2001-02-01"));
  request.set_to_unix_seconds(Seconds("2001-01-01"));
  EXPECT_THAT(refused(request).error_message(), HasSubstr("the second after the first"));
  Daemon in_memory;
  v1::MarginReport report;
  request.Clear();
  request.set_window("7d");
  const grpc::Status none = CallOn(in_memory, &v1::Outcomes::Stub::GetMargin, request, &report);
  EXPECT_EQ(none.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(none.error_message(), HasSubstr("expected ledger.path"));
}

TEST_F(OutcomeServiceTest, WorksCapabilityOutByQuarter) {
  // (score - 0.25) / 0.75: 0.2, then 0.1 and 0.05 more a quarter.
  Send({Scores({{"2024-02-10", 0.4},
                {"2024-05-10", 0.55},
                {"2024-08-10", 0.625},
                {"2024-11-10", 0.6625}}),
        Trained("2024-05-10"), Trained("2024-08-10"), Trained("2024-11-10")},
       {});
  v1::GetCapabilityRequest request;
  request.set_until_unix_seconds(Seconds("2024-12-31"));
  v1::CapabilityReport report;
  ASSERT_TRUE(Call(&v1::Outcomes::Stub::GetCapability, request, &report).ok());
  ASSERT_EQ(report.quarters_size(), 4);
  EXPECT_FALSE(report.quarters(0).has_gain_per_h100e_hour());
  EXPECT_NEAR(report.quarters(1).gain_per_h100e_hour(), 0.002, 1e-12);
  EXPECT_NEAR(report.quarters(2).gain_per_h100e_hour(), 0.001, 1e-12);
  EXPECT_NEAR(report.quarters(3).gain_per_h100e_hour(), 0.0005, 1e-12);
  EXPECT_EQ(report.declining_quarters(), 2);
  EXPECT_EQ(report.verdict(), "review_due");
  EXPECT_EQ(report.models_size(), 4);
  EXPECT_EQ(report.models(3).predecessor(), "model-of-2024-08-10");
  // Today: the present quarter is shown, and the last complete one has nothing to judge.
  request.Clear();
  ASSERT_TRUE(Call(&v1::Outcomes::Stub::GetCapability, request, &report).ok());
  EXPECT_TRUE(report.last_quarter_is_running());
  EXPECT_EQ(report.verdict(), "cannot_tell");
}

TEST_F(OutcomeServiceTest, TellsPrometheusTheSame) {
  SendBothYears();
  Send({Scores({{"2024-02-10", 0.4}, {"2024-05-10", 0.55}}), Trained("2024-05-10")}, {});
  const std::string kTotal = "fleetmeter_inference_total_margin_per_request_usd";
  ASSERT_TRUE(Eventually([&] {
    const Scrape scrape = daemon_->ScrapeMetrics();
    return scrape.Has(kTotal) &&
           scrape.Has("fleetmeter_capability_index", {{"model", "model-of-2024-05-10"}});
  }));
  const Scrape scrape = daemon_->ScrapeMetrics();
  const auto value = [&](const std::string& name, const Labels& labels) {
    return scrape.Value("fleetmeter_" + name, labels).value_or(-1);
  };
  const Labels max = {{"model", "opus"}, {"customer_tier", "max"}};
  const auto of = [](Labels labels, const Labels& more) {
    labels.insert(more.begin(), more.end());
    return labels;
  };
  const Labels allocated = {{"window", "28d"}, {"basis", "allocated"}};
  const Labels used = {{"window", "28d"}, {"basis", "used"}};
  EXPECT_EQ(value("inference_requests_total", max), 0) << "history enters no counter";
  EXPECT_EQ(value("inference_revenue_usd_total", max), 0);
  EXPECT_EQ(value("inference_window_requests", of(max, {{"window", "28d"}})), 10);
  EXPECT_DOUBLE_EQ(value("inference_window_cost_usd", of(max, allocated)), 0.0015);
  EXPECT_DOUBLE_EQ(value("inference_window_cost_usd", of(max, used)), 0.00075);
  EXPECT_DOUBLE_EQ(value("inference_total_margin_per_request_usd", allocated), 0.0002);
  EXPECT_DOUBLE_EQ(value("inference_total_margin_per_request_usd", used), 0.00025);
  EXPECT_DOUBLE_EQ(value("inference_total_margin_per_request_year_ago_usd", allocated), 0.0003);
  EXPECT_EQ(value("inference_known_requests_ratio", allocated), 1);
  EXPECT_DOUBLE_EQ(value("inference_unattributed_cost_usd", allocated), 0.002);
  EXPECT_DOUBLE_EQ(value("inference_margin_declined", of(max, allocated)), 0)
      << "0.00045 from 0.0003";
  EXPECT_NEAR(value("inference_margin_change_usd", allocated), 0.001, 1e-12) << "all effects";
  EXPECT_EQ(value("inference_serving_cost_usd_total", {{"model", "opus"}, {"basis", "allocated"}}),
            0)
      << "its chip-time was brought as history, which enters no counter";
  EXPECT_EQ(value("research_review_due", {{"reason", "margin_yoy"}}), 1);
  EXPECT_FALSE(scrape.Has("fleetmeter_research_review_due", {{"reason", "capability_per_hour"}}));
  EXPECT_EQ(value("capability_trend_known", {}), 0);
  EXPECT_EQ(value("training_h100e_seconds_total", {{"phase", "pre"}}), 0) << "history";
  EXPECT_EQ(value("training_quarter_h100e_seconds", {{"quarter", "2024-Q2"}}), 360'000);
  EXPECT_NEAR(value("capability_per_training_h100e_hour", {{"quarter", "2024-Q2"}}), 0.002, 1e-12);
  EXPECT_EQ(value("benchmark_saturated", {{"benchmark", "mmlu"}}), 0);
  EXPECT_EQ(value("price_book_info", {{"version", "3"}}), 1);
  EXPECT_EQ(value("outcome_segments", {}), 2);
  EXPECT_EQ(value("outcome_segments_overflow", {}), 0);
  EXPECT_EQ(value("outcomes_refresh_failures_total", {}), 0);
  EXPECT_GT(value("outcomes_as_of_timestamp_seconds", {}), 1e9);
}

TEST_F(OutcomeServiceTest, ServesTheMetricsOfTheDocumentation) {
  SendBothYears();
  Send({Scores({{"2024-02-10", 0.4}, {"2024-05-10", 0.55}}), Trained("2024-05-10")}, {});
  ASSERT_TRUE(Eventually([&] {
    const Scrape scrape = daemon_->ScrapeMetrics();
    return scrape.Has("fleetmeter_research_review_due") &&
           scrape.Has("fleetmeter_model_capability_per_training_h100e_hour");
  }));
  const Scrape scrape = daemon_->ScrapeMetrics();
  EXPECT_THAT(
      BrokenPromises(scrape, ReadPromises([](auto family) { return !IsCollectorFamily(family); })),
      testing::IsEmpty());
  std::vector<std::string> without = FamiliesWithoutSeries(scrape);
  std::erase_if(without, [](const std::string& family) { return !IsOutcomeFamily(family); });
  // The present quarter is still running, and nothing is known to have trained in the last.
  EXPECT_THAT(without, testing::ElementsAre("fleetmeter_capability_declining_quarters"));
}

TEST_F(OutcomeServiceTest, IsAskedByFleetmeterctlWithTheDaemonAndWithoutIt) {
  SendBothYears();
  const std::string asked =
      Ctl({"--address", daemon_->query_address(), "outcomes", "margin", "--window", "quarter"});
  EXPECT_THAT(asked, HasSubstr("cost of allocated chip-time"));
  EXPECT_THAT(asked, AllOf(HasSubstr("declined: margin per request of the total"),
                           HasSubstr("review of research: due")));
  const std::string csv =
      Ctl({"outcomes", "margin", "--ledger", LedgerPath(), "--basis", "used", "--output", "csv"});
  EXPECT_THAT(csv, HasSubstr("total,,,after,20,20,0.006000,0.001000,0.005000,"));
  EXPECT_THAT(csv, HasSubstr("unattributed,,,after,,,0.000000,0.001000,"));
  EXPECT_EQ(daemon_->Stop(), 0);
  EXPECT_THAT(Ctl({"outcomes", "capability", "--ledger", LedgerPath(), "--suite", Suite()}),
              HasSubstr("cannot_tell: there are no benchmark results"));
}

}  // namespace
}  // namespace fleetmeter::e2e
