// Who is let in at all: certificates of every wrong kind, by both ways of reporting and by query.
#include "gmock/gmock.h"
#include "tests/product/security/secure_daemon.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// How a caller is turned away: by TLS itself, which the daemon's log cannot see, or by us.
enum class Refusal { kHandshake, kIdentity };

struct BadCaller {
  std::string name;
  Refusal refusal;
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  std::string detail;  // of kIdentity: what the caller and the audit log are told
};

class HandshakeTest : public testing::Test {
 protected:
  BadCaller Forged(const std::string& name, Refusal refusal, const CertificateSpec& spec,
                   const std::string& detail = "") const {
    return {name, refusal, secure_.Credentials(secure_.authority().Issue(spec)), detail};
  }
  std::vector<BadCaller> BadCallers() const;
  void ExpectTurnedAway(const BadCaller& caller);

  SecureDaemon secure_;
};

std::vector<BadCaller> HandshakeTest::BadCallers() const {
  const std::string good = std::string("URI:") + kHostA;
  const Authority stranger("test authority");  // by the same name
  return {
      {"wrong authority", Refusal::kHandshake, secure_.Credentials(stranger.IssueClient(kHostA)),
       ""},
      {"self-signed", Refusal::kHandshake, secure_.Credentials(SelfSigned({.names = {good}})), ""},
      {"no certificate", Refusal::kHandshake, secure_.Anonymous(), ""},
      {"plaintext", Refusal::kHandshake, grpc::InsecureChannelCredentials(), ""},
      Forged("expired", Refusal::kHandshake, {.names = {good}, .not_after_seconds = -60}),
      Forged("not yet valid", Refusal::kHandshake, {.names = {good}, .not_before_seconds = 3'600}),
      Forged("for servers only", Refusal::kHandshake,
             {.names = {good}, .extended_key_usage = "serverAuth"}),
      Forged("an authority, by key usage too", Refusal::kHandshake,
             {.names = {good}, .is_authority = true, .key_usage = "critical,keyCertSign"}),
      Forged("an authority that may do everything", Refusal::kIdentity,
             {.names = {good}, .is_authority = true, .key_usage = "", .extended_key_usage = ""},
             "certificate authority"),
      Forged("no names", Refusal::kIdentity, {.names = {}}, "has 0 URIs"),
      Forged("DNS only", Refusal::kIdentity, {.names = {"DNS:a.example.org"}}, "has 0 URIs"),
      Forged("two URIs", Refusal::kIdentity, {.names = {good, "URI:spiffe://example.org/host/b"}},
             "has 2 URIs"),
      Forged("a good URI and another", Refusal::kIdentity,
             {.names = {good, "URI:https://example.org/"}}, "has 2 URIs"),
      Forged("not a SPIFFE ID", Refusal::kIdentity, {.names = {"URI:https://example.org/host/a"}},
             "does not start with spiffe://"),
      Forged("nasty SPIFFE ID", Refusal::kIdentity,
             {.names = {"URI:spiffe://example.org/host/../host/a"}}, "path segment of dots"),
      Forged("other trust domain", Refusal::kIdentity,
             {.names = {"URI:spiffe://example.com/host/a"}}, "is of trust domain"),
      Forged("no path", Refusal::kIdentity, {.names = {"URI:spiffe://example.org"}}, "has no path"),
  };
}

void HandshakeTest::ExpectTurnedAway(const BadCaller& caller) {
  SCOPED_TRACE(caller.name);
  const bool ours = caller.refusal == Refusal::kIdentity;
  const auto code = ours ? grpc::StatusCode::UNAUTHENTICATED : grpc::StatusCode::UNAVAILABLE;
  const auto counted = secure_.Counted();
  const double ingest = secure_.Denied("ingest", "identity");
  const double query = secure_.Denied("query", "identity");

  const auto ingest_stub = secure_.Ingest(caller.credentials);
  const UnaryAnswer unary =
      SendUnary(*ingest_stub, RandomStreamId(), {Numbered(GoodReport("h"), 1)});
  EXPECT_EQ(unary.status.error_code(), code) << unary.status.error_message();
  StreamClient stream(*ingest_stub);
  EXPECT_EQ(stream.Open(), std::nullopt);
  EXPECT_EQ(stream.AwaitEnd().error_code(), code);
  const grpc::Status asked = CallListPools(*secure_.Query(caller.credentials));
  EXPECT_EQ(asked.error_code(), code) << asked.error_message();

  if (ours) {
    EXPECT_THAT(unary.status.error_message(), HasSubstr(caller.detail));
    EXPECT_TRUE(secure_.AwaitAudit(
        {"event=denied reason=identity role=ingest", "peer=\"ipv4:127.0.0.1:", caller.detail}));
  }
  EXPECT_EQ(secure_.Denied("ingest", "identity"), ingest + (ours ? 2 : 0));
  EXPECT_EQ(secure_.Denied("query", "identity"), query + (ours ? 1 : 0));
  // The stream's call ends on the daemon's side a moment later than on ours.
  EXPECT_TRUE(Eventually([&] { return secure_.Counted() == counted; }));
}

TEST_F(HandshakeTest, GoodCertificatesAreLetIn) {
  const auto stub = secure_.Ingest(secure_.CredentialsOf(kHostA));
  const UnaryAnswer unary = SendUnary(*stub, RandomStreamId(), {Numbered(GoodReport("a"), 1)});
  EXPECT_TRUE(unary.status.ok()) << unary.status.error_message();
  EXPECT_EQ(unary.ack.acknowledged_through(), 1U);
  StreamClient stream(*stub);
  ASSERT_TRUE(stream.Open());
  EXPECT_EQ(stream.Settle({Numbered(GoodReport("b"), 1)}).acknowledged_through(), 1U);
  EXPECT_TRUE(stream.Finish().ok());
  EXPECT_TRUE(CallListPools(*secure_.Query(secure_.CredentialsOf(kReader))).ok());
  EXPECT_EQ(secure_.daemon().ScrapeMetrics().Value("fleetmeter_ingest_reports_total",
                                                   {{"result", "accepted"}}),
            2);
}

TEST_F(HandshakeTest, BadOnesAreTurnedAwayAndNothingIsCounted) {
  // Something must be there that could change.
  const auto stub = secure_.Ingest(secure_.CredentialsOf(kHostA));
  SendUnary(*stub, RandomStreamId(), {Numbered(GoodReport("a"), 1)});
  // Each has an allowance of lines in the audit log, and all come from one address: one daemon
  // would leave some out.
  for (const BadCaller& caller : BadCallers()) {
    if (caller.refusal == Refusal::kHandshake) ExpectTurnedAway(caller);
  }
}

class IdentityTest : public HandshakeTest, public testing::WithParamInterface<size_t> {};

TEST_P(IdentityTest, IsTurnedAwayAndAudited) {
  const auto callers = BadCallers();
  size_t ours = 0;
  for (const BadCaller& caller : callers) {
    if (caller.refusal == Refusal::kIdentity && ours++ == GetParam())
      return ExpectTurnedAway(caller);
  }
  // One parameter past the end, so that none is left out.
  EXPECT_EQ(ours, GetParam());
}
INSTANTIATE_TEST_SUITE_P(All, IdentityTest, testing::Range(size_t{0}, size_t{10}));

TEST_F(HandshakeTest, OldTlsIsRefused) {
  const TempFolder files;
  const KeyPair pair = secure_.authority().IssueClient(kHostA);
  files.Write("pair.pem", pair.certificate + pair.key);
  files.Write("ca.pem", secure_.authority().certificate());
  const auto shakes_hands = [&](const std::string& version) {
    auto client = ChildProcess::Start(
        {"openssl", "s_client", "-connect", secure_.daemon().ingest_address(), version, "-cipher",
         "ALL:@SECLEVEL=0", "-alpn", "h2", "-brief", "-verify_return_error", "-CAfile",
         files.PathOf("ca.pem"), "-cert", files.PathOf("pair.pem")});
    EXPECT_TRUE(client.ok()) << client.status();
    if (!client.ok()) return false;
    (*client)->CloseStdin();
    EXPECT_NE((*client)->Wait(30s), std::nullopt);
    return (*client)->Stderr().find("CONNECTION ESTABLISHED") != std::string::npos;
  };
  EXPECT_TRUE(shakes_hands("-tls1_3"));
  EXPECT_TRUE(shakes_hands("-tls1_2"));
  EXPECT_FALSE(shakes_hands("-tls1_1"));
  EXPECT_FALSE(shakes_hands("-tls1"));
}

// It has no client certificate to show to itself, and needs none.
TEST_F(HandshakeTest, TheDaemonFindsItselfHealthy) {
  EXPECT_TRUE(Eventually(
      [&] { return secure_.daemon().ScrapeMetrics().Value("fleetmeter_watchdog_healthy") == 1; }));
  EXPECT_EQ(secure_.Denied("ingest", "identity"), 0);
  EXPECT_EQ(secure_.Denied("query", "identity"), 0);
}

TEST_F(HandshakeTest, PlaintextBytesGetNoAnswerInPlaintext) {
  Socket socket(secure_.daemon().ingest_address());
  ASSERT_TRUE(socket.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"));
  const std::string answer = socket.ReceiveSome();
  EXPECT_TRUE(answer.empty() || answer.front() == 21) << answer;  // a TLS alert, if anything
}

}  // namespace
}  // namespace fleetmeter::e2e
