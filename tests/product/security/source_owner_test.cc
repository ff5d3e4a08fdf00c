// A source belongs to the identity that reported it first: beside a daemon that tells callers apart
// by their certificates.
#include <csignal>

#include "gmock/gmock.h"
#include "tests/product/security/secure_daemon.h"

namespace fleetmeter::e2e {
namespace {

using testing::HasSubstr;

constexpr char kNobody[] = "spiffe://example.org/host/m";  // ingest, and no pool

v1::UsageReport OfTraining(const std::string& source, int64_t ago) {
  v1::UsageReport report = MakeReport(source, ago);
  AddAssigned(report, "training", "pretrain", {0.9, 0.9, 0.9, 0.9});
  return report;
}

class SourceOwnerTest : public testing::Test {
 protected:
  // The answer to one report, which is the next of a stream of its own.
  v1::Ack Send(const std::string& identity, const v1::UsageReport& report) {
    const UnaryAnswer answer = SendUnary(*secure_.Ingest(secure_.CredentialsOf(identity)),
                                         RandomStreamId(), {Numbered(report, 1)});
    EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(answer.ack.acknowledged_through(), 1U);
    return answer.ack;
  }
  static std::string ReasonOf(const v1::Ack& ack) {
    return ack.dispositions_size() == 0 ? "" : ack.dispositions(0).reason();
  }
  double Chips(const std::string& state) {
    return secure_.daemon()
        .ScrapeMetrics()
        .Value("fleetmeter_supply_chips", {{"chip", "h100"}, {"state", state}})
        .value_or(0);
  }
  v1::Source Source(const std::string& name) const {
    grpc::ClientContext context;
    v1::ListSourcesResponse response;
    const auto admin = secure_.Admin(secure_.CredentialsOf(kOperator));
    EXPECT_TRUE(admin->ListSources(&context, {}, &response).ok());
    for (const v1::Source& source : response.sources()) {
      if (source.source() == name) return source;
    }
    return {};
  }
  grpc::Status Move(const std::string& source, const std::string& identity,
                    const std::string& as = kOperator) const {
    grpc::ClientContext context;
    v1::MoveSourceRequest request;
    request.set_source(source);
    request.set_identity(identity);
    request.set_reason("new certificate");
    v1::DecisionResponse response;
    return secure_.Admin(secure_.CredentialsOf(as))->MoveSource(&context, request, &response);
  }

  SecureDaemon secure_;
};

TEST_F(SourceOwnerTest, AnotherIdentityCannotSilenceAHost) {
  ASSERT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", 20 * kSecond))), "");
  ASSERT_EQ(Chips("assigned"), 4);
  // No chips at all, so no pool is named, and the window lies ahead of the host's own.
  const v1::Ack refused = Send(kNobody, MakeReport("host-b", 5 * kSecond));
  ASSERT_EQ(ReasonOf(refused), "foreign_source");
  EXPECT_THAT(refused.dispositions(0).detail(), HasSubstr("\"host-b\" belongs to another"));
  EXPECT_EQ(Chips("assigned"), 4);
  EXPECT_EQ(Chips("unaccounted"), 0);
  EXPECT_EQ(secure_.Denied("ingest", "source"), 1);
  EXPECT_EQ(secure_.daemon().ScrapeMetrics().Value("fleetmeter_ingest_rejected_reports_total",
                                                   {{"reason", "foreign_source"}}),
            1);
  EXPECT_TRUE(secure_.AwaitAudit({"event=denied reason=source", kNobody, "host-b"}));
  EXPECT_EQ(Source("host-b").owner(), kHostB);
  EXPECT_EQ(Source("host-b").foreign_reports(), 1U);
  EXPECT_EQ(Source("host-b").foreign_identity(), kNobody);
  EXPECT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", 5 * kSecond))), "")
      << "the time is the host's own";
}

TEST_F(SourceOwnerTest, ARenewedCertificateIsTheSameIdentity) {
  for (const int64_t ago : {30, 20, 10}) {  // each has a certificate of its own
    EXPECT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", ago * kSecond))), "");
  }
}

TEST_F(SourceOwnerTest, NobodyInventsASupply) {
  v1::UsageReport report = MakeReport("made-up");
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip("h100");
  group.set_state(v1::CHIP_STATE_UNASSIGNED);
  group.mutable_sums()->set_chip_nanos(9'999'999 * kSecond);
  EXPECT_EQ(ReasonOf(Send(kNobody, report)), "too_many_chips");
  // Nor by many small ones.
  int accepted = 0;
  for (int i = 0; i < 20; ++i) {
    v1::UsageReport part = MakeReport("part-" + std::to_string(i));
    AddFree(part, v1::CHIP_STATE_UNASSIGNED, 0, 60);
    if (ReasonOf(Send(kNobody, part)).empty()) ++accepted;
  }
  EXPECT_EQ(accepted, 4) << "256 chips of a kind of which the plan declares 32";
  EXPECT_EQ(Chips("unassigned"), 240);
}

TEST_F(SourceOwnerTest, AnAdministratorMovesASourceForGood) {
  ASSERT_EQ(ReasonOf(Send(kNobody, MakeReport("host-b", 30 * kSecond))), "");
  ASSERT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", 20 * kSecond))), "foreign_source");
  EXPECT_EQ(Move("host-b", kHostB, kReader).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Move("host-b", "host/b").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_TRUE(Move("host-b", kHostB).ok());
  EXPECT_TRUE(secure_.AwaitAudit({"event=books_move", kOperator, kHostB, "new certificate"}));
  EXPECT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", 15 * kSecond))), "");
  EXPECT_EQ(ReasonOf(Send(kNobody, MakeReport("host-b", 5 * kSecond))), "foreign_source");
}

TEST_F(SourceOwnerTest, RulesSayWhoseASourceIs) {
  ASSERT_EQ(ReasonOf(Send(kRelay, MakeReport("host-b", 30 * kSecond))), "");
  const auto reloads = [&] {
    return secure_.daemon().ScrapeMetrics().Value("fleetmeter_config_reloads_total",
                                                  {{"result", "ok"}});
  };
  const auto before = reloads();
  secure_.WriteRules(
      Replaced(DefaultRules(), "pools: [training]", "pools: [training], sources: [\"host-{id}\"]"));
  secure_.daemon().process().Signal(SIGHUP);
  ASSERT_TRUE(Eventually([&] { return reloads() > before; }));
  EXPECT_EQ(ReasonOf(Send(kHostB, OfTraining("host-b", 20 * kSecond))), "")
      << "a rule wins over the first use";
  EXPECT_EQ(ReasonOf(Send(kHostB, OfTraining("other", 20 * kSecond))), "foreign_source");
  EXPECT_EQ(ReasonOf(Send(kRelay, MakeReport("host-b", 10 * kSecond))), "foreign_source");
  EXPECT_EQ(Source("host-b").owner(), kHostB);
}

}  // namespace
}  // namespace fleetmeter::e2e
