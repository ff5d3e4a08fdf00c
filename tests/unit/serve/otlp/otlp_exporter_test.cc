// Against a receiver over real gRPC.
#include "daemon/serve/otlp/otlp_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "peers/rpc_status.pb.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/serve/otlp/otlp_receiver.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Each;
using testing::Pair;
using Steady = OtlpExporter::Steady;

constexpr Metric kCount = {"some_total", MetricType::kCounter, {}, "Help."};

class OtlpExporterTest : public testing::Test {
 protected:
  // Often, so that a test waits for nothing but what it is about.
  static OtlpOptions OptionsFor(const std::string& target) {
    OtlpOptions options;
    options.target = target;
    options.instance = "host:1";
    options.interval_nanos = 20 * kMillisecond;
    return options;
  }
  void Start(OtlpOptions options) {
    exporter_ = std::make_unique<OtlpExporter>(
        std::move(options),
        [this](SeriesWriter& out) {
          out.Begin(kCount);
          out.Sample({}, value_.load());
        },
        results_, clock_);
    exporter_->Start();
  }
  static const otlp::NumberDataPoint& PointOf(const OtlpReceiver::Got& got) {
    return got.request.resource_metrics(0).scope_metrics(0).metrics(0).sum().data_points(0);
  }

  const SystemClock clock_;
  std::atomic<double> value_ = 1;
  OtlpResults results_;
  std::unique_ptr<OtlpExporter> exporter_;
};

// "Unknown start time" of the data model: counters of the books are older than the daemon.
TEST_F(OtlpExporterTest, CountsFromTheFirstExportThatCameThrough) {
  OtlpReceiver receiver;
  Start(OptionsFor(receiver.target()));
  receiver.Await(1);
  value_ = 2;
  const auto got = receiver.Await(4);
  ASSERT_GE(got.size(), 4U);
  const auto& first = PointOf(got[0]);
  EXPECT_EQ(first.as_double(), 1);
  EXPECT_EQ(first.start_time_unix_nano(), first.time_unix_nano());
  const auto& later = PointOf(got[3]);
  EXPECT_EQ(later.as_double(), 2);
  EXPECT_EQ(later.start_time_unix_nano(), first.time_unix_nano());
  EXPECT_GT(later.time_unix_nano(), first.time_unix_nano());
}

TEST_F(OtlpExporterTest, CountsWhatAReceiverRejects) {
  OtlpReceiver receiver;
  otlp::ExportMetricsServiceResponse partial;
  partial.mutable_partial_success()->set_rejected_data_points(3);
  partial.mutable_partial_success()->set_error_message("too many labels");
  receiver.Answer(grpc::Status::OK, partial);
  Start(OptionsFor(receiver.target()));
  const auto results = results_.Await(2);
  ASSERT_GE(results.size(), 2U);
  EXPECT_THAT(results, Each(OtlpResult::kPartial));
  EXPECT_GE(results_.rejected(), 6);
}

// Which comes when it is due: OtlpPause.
TEST_F(OtlpExporterTest, ARefusalIsToldFromAFailureAndTheNextExportMayPass) {
  OtlpReceiver receiver;
  for (const auto code : {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::UNAUTHENTICATED,
                          grpc::StatusCode::UNIMPLEMENTED, grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    EXPECT_EQ(OutcomeOf(grpc::Status(code, "no"), {}).result, OtlpResult::kRefused) << code;
  }
  receiver.Answer(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no"));
  Start(OptionsFor(receiver.target()));
  EXPECT_THAT(results_.Await(2), Each(OtlpResult::kRefused));
  receiver.Answer(grpc::Status::OK);
  EXPECT_TRUE(results_.AwaitResult(OtlpResult::kOk));
}

grpc::Status Throttled(std::chrono::milliseconds pause) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(pause.count() / 1'000);
  info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(pause.count() % 1'000 * 1'000'000));
  google::rpc::Status details;
  details.set_code(grpc::StatusCode::RESOURCE_EXHAUSTED);
  details.add_details()->PackFrom(info);
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "later", details.SerializeAsString()};
}

TEST_F(OtlpExporterTest, LeavesAReceiverAloneForAsLongAsItAsks) {
  OtlpReceiver receiver;
  receiver.Answer(Throttled(2'500ms));
  Start(OptionsFor(receiver.target()));
  const auto got = receiver.Await(2);
  ASSERT_GE(got.size(), 2U);
  EXPECT_GE(got[1].at - got[0].at, 2'500ms);
  EXPECT_EQ(results_.Await(1).at(0), OtlpResult::kFailed);
}

TEST_F(OtlpExporterTest, AReceiverThatIsGoneFailsAndComesBack) {
  auto receiver = std::make_unique<OtlpReceiver>();
  const int port = receiver->port();
  Start(OptionsFor(receiver->target()));
  ASSERT_TRUE(results_.AwaitResult(OtlpResult::kOk));
  receiver = nullptr;
  ASSERT_TRUE(results_.AwaitResult(OtlpResult::kFailed));
  value_ = 7;
  receiver = std::make_unique<OtlpReceiver>(port);
  const auto got = receiver->Await(1);
  ASSERT_GE(got.size(), 1U);
  EXPECT_EQ(PointOf(got[0]).as_double(), 7) << "the values of now, not of when it failed";
  EXPECT_LT(PointOf(got[0]).start_time_unix_nano(), PointOf(got[0]).time_unix_nano());
}

TEST_F(OtlpExporterTest, GivesUpAtTheTimeout) {
  OtlpReceiver receiver;
  receiver.Hang();
  OtlpOptions options = OptionsFor(receiver.target());
  options.timeout_nanos = 50 * kMillisecond;
  Start(options);
  EXPECT_EQ(results_.Await(1).at(0), OtlpResult::kFailed);
}

TEST_F(OtlpExporterTest, StopsAtOnceWhileAReceiverHangs) {
  OtlpReceiver receiver;
  receiver.Hang();
  OtlpOptions options = OptionsFor(receiver.target());
  options.timeout_nanos = kHour;
  Start(options);
  ASSERT_EQ(receiver.Await(1).size(), 1U);
  const auto begun = Steady::now();
  exporter_->Stop(begun + 1h);
  EXPECT_LT(Steady::now() - begun, 20s);
  EXPECT_TRUE(results_.Await(0).empty()) << "what a stop cuts off is no failure";
}

TEST_F(OtlpExporterTest, TheLastExportHasWhatWasCountedLast) {
  OtlpReceiver receiver;
  OtlpOptions options = OptionsFor(receiver.target());
  options.interval_nanos = kHour;
  Start(options);
  ASSERT_TRUE(results_.AwaitResult(OtlpResult::kOk));
  value_ = 9;
  exporter_->Stop(Steady::now() + 30s);
  const auto got = receiver.Await(2);
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(PointOf(got[1]).as_double(), 9);
}

TEST_F(OtlpExporterTest, AStopWithoutTimeSendsNothingMore) {
  OtlpReceiver receiver;
  OtlpOptions options = OptionsFor(receiver.target());
  options.interval_nanos = kHour;
  Start(options);
  ASSERT_TRUE(results_.AwaitResult(OtlpResult::kOk));
  exporter_->Stop(Steady::now());
  EXPECT_EQ(receiver.Await(1).size(), 1U);
}

TEST_F(OtlpExporterTest, HeadersAreThoseOfTheFileNow) {
  const TempFolder folder;
  const auto write = [&](const std::string& text) {
    folder.Write("headers", text);
    std::filesystem::permissions(folder.PathOf("headers"), std::filesystem::perms(0600));
  };
  write("no header");
  OtlpReceiver receiver;
  OtlpOptions options = OptionsFor(receiver.target());
  options.headers_file = folder.PathOf("headers");
  Start(options);
  ASSERT_EQ(results_.Await(1).at(0), OtlpResult::kFailed);
  write("# ours\nX-Api-Key:  one two \n");
  const auto got = receiver.Await(1);
  ASSERT_GE(got.size(), 1U);
  EXPECT_THAT(got[0].headers, Contains(Pair("x-api-key", "one two")));
}

TEST_F(OtlpExporterTest, ChecksTheReceiversCertificateAndShowsItsOwn) {
  const TempFolder folder;
  const Authority authority;
  const Authority stranger("stranger");
  const KeyPair server = authority.IssueServer();
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = authority.certificate();
  tls.pem_key_cert_pairs.push_back({server.key, server.certificate});
  OtlpReceiver receiver(0, grpc::SslServerCredentials(tls));
  const KeyPair own = authority.IssueClient("spiffe://example.org/fleetmeterd");
  OtlpOptions options = OptionsFor(receiver.target());
  options.tls = true;
  options.files = {.certificate = folder.Write("own.pem", own.certificate),
                   .key = folder.Write("own.key", own.key),
                   .authorities = folder.Write("ca.pem", stranger.certificate())};
  std::filesystem::permissions(options.files.key, std::filesystem::perms(0600));
  Start(options);
  ASSERT_EQ(results_.Await(1).at(0), OtlpResult::kFailed);
  EXPECT_TRUE(receiver.Await(0).empty());
  folder.Write("ca.pem", authority.certificate());
  EXPECT_TRUE(results_.AwaitResult(OtlpResult::kOk)) << "the file is read again";
}

}  // namespace
}  // namespace fleetmeter
