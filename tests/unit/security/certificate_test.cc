#include "daemon/security/certificate.h"

#include <ctime>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

class CertificateTest : public testing::Test {
 protected:
  std::string ErrorOf(const CertificateSpec& spec) const {
    const auto identity =
        ReadCertificateIdentity(authority_.Issue(spec).certificate, "example.org");
    if (identity.ok()) return "";
    EXPECT_EQ(identity.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(identity.status().message());
  }

  const Authority authority_;
};

TEST_F(CertificateTest, NamesItsHolder) {
  const KeyPair pair = authority_.IssueClient("spiffe://example.org/host/a");
  const auto identity = ReadCertificateIdentity(pair.certificate, "example.org");
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->id.Text(), "spiffe://example.org/host/a");
  const int64_t left = identity->not_after_unix_seconds - std::time(nullptr);
  EXPECT_GT(left, 23 * 3'600);
  EXPECT_LE(left, 24 * 3'600);
}

TEST_F(CertificateTest, OtherKindsOfNamesMeanNothing) {
  EXPECT_EQ(ErrorOf({.names = {"DNS:a.example.org", "URI:spiffe://example.org/a", "IP:10.0.0.1",
                               "email:root@example.org"}}),
            "");
}

TEST_F(CertificateTest, ExactlyOneUriIsExpected) {
  EXPECT_THAT(ErrorOf({.names = {}}), HasSubstr("has 0 URIs"));
  EXPECT_THAT(ErrorOf({.names = {"DNS:a.example.org"}}), HasSubstr("has 0 URIs"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a", "URI:spiffe://example.org/b"}}),
              HasSubstr("has 2 URIs"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a", "URI:https://example.org/"}}),
              HasSubstr("has 2 URIs"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a", "URI:spiffe://example.org/a"}}),
              HasSubstr("has 2 URIs"));
}

TEST_F(CertificateTest, TheUriIsASpiffeIdOfTheTrustDomainWithAPath) {
  EXPECT_THAT(ErrorOf({.names = {"URI:https://example.org/a"}}), HasSubstr("does not start with"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.com/a"}}),
              HasSubstr(R"(trust domain "example.com"; expected "example.org")"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org"}}), HasSubstr("has no path"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a/../b"}}), HasSubstr("of dots"));
}

TEST_F(CertificateTest, WhoMaySignOthersSpeaksForNobody) {
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a"}, .is_authority = true}),
              HasSubstr("certificate authority"));
  EXPECT_THAT(ErrorOf({.names = {"URI:spiffe://example.org/a"},
                       .key_usage = "digitalSignature,keyCertSign"}),
              HasSubstr("certificate authority"));
  EXPECT_THAT(
      ErrorOf({.names = {"URI:spiffe://example.org/a"}, .key_usage = "digitalSignature,cRLSign"}),
      HasSubstr("certificate authority"));
}

TEST_F(CertificateTest, KeyUsageMayBeAbsent) {
  EXPECT_EQ(ErrorOf({.names = {"URI:spiffe://example.org/a"}, .key_usage = ""}), "");
}

TEST_F(CertificateTest, WhatIsNoCertificateIsRefused) {
  const std::string good = authority_.IssueClient("spiffe://example.org/a").certificate;
  for (const std::string& pem :
       {std::string(), std::string("nothing"), good.substr(0, good.size() / 2),
        std::string("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        authority_.IssueClient("spiffe://example.org/a").key}) {
    EXPECT_FALSE(ReadCertificateIdentity(pem, "example.org").ok()) << pem;
  }
}

}  // namespace
}  // namespace fleetmeter
