#include "daemon/security/bearer_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15
// The SHA-256 of "secret", and of "other".
constexpr char kSecret[] = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
constexpr char kOther[] = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";

class BearerTokensTest : public ::testing::Test {
 protected:
  absl::Status Load(const std::string& text) {
    folder_.Write("tokens", text);
    std::filesystem::permissions(folder_.PathOf("tokens"), std::filesystem::perms(0644));
    return tokens_.Load(
        {.trust_domain = "example.org", .tokens = folder_.PathOf("tokens"), .jwks = {}, .jwt = {}});
  }
  std::string Refusal(const std::string& text) { return std::string(Load(text).message()); }

  const TempFolder folder_;
  BearerTokens tokens_;
};

TEST_F(BearerTokensTest, ATokenSpeaksForItsIdentity) {
  ASSERT_TRUE(Load(std::string("# people\n\n") + kSecret + " spiffe://example.org/ops/me\n" +
                   kOther + "  spiffe://example.org/ops/you 2027-01-15  # and no longer\n")
                  .ok());
  const auto me = tokens_.Identify("secret", kNow);
  ASSERT_TRUE(me.ok()) << me.status();
  EXPECT_EQ(me->identity, "spiffe://example.org/ops/me");
  EXPECT_EQ(me->not_after_unix_seconds, std::nullopt);
  constexpr int64_t kEnd = 1'799'971'200;  // 2027-01-15, 00:00
  EXPECT_EQ(tokens_.Identify("other", kEnd - 1)->identity, "spiffe://example.org/ops/you");
  EXPECT_THAT(tokens_.Identify("other", kEnd).status().message(), HasSubstr("no longer valid"));
}

TEST_F(BearerTokensTest, WhatIsNotKnownIsRefusedAndNotRepeated) {
  ASSERT_TRUE(Load(std::string(kSecret) + " spiffe://example.org/ops/me\n").ok());
  for (const char* token : {"", "Secret", "secret ", kSecret}) {
    const auto refused = tokens_.Identify(token, kNow);
    ASSERT_FALSE(refused.ok()) << token;
    EXPECT_THAT(refused.status().message(), Not(HasSubstr("ecret")));
  }
}

TEST_F(BearerTokensTest, FaultsNameTheLineAndNeverTheToken) {
  EXPECT_THAT(Refusal("\nsecret spiffe://example.org/a\n"),
              AllOf(HasSubstr("tokens: line 2 "), HasSubstr("SHA-256"), Not(HasSubstr("secret"))));
  const std::string hash = kSecret;
  EXPECT_THAT(Refusal(hash), HasSubstr("line 1"));
  EXPECT_THAT(Refusal(hash + " spiffe://example.com/a"), HasSubstr("is no identity of"));
  EXPECT_THAT(Refusal(hash + " spiffe://example.org"), HasSubstr("is no identity of"));
  EXPECT_THAT(Refusal(hash + " spiffe://example.org/a someday"), HasSubstr("line 1"));
  EXPECT_THAT(Refusal(hash + " spiffe://example.org/a 2027-01-15 x"), HasSubstr("more than"));
  EXPECT_THAT(Refusal(hash + " spiffe://example.org/a\n" + hash + " spiffe://example.org/b\n"),
              HasSubstr("line 2 has a hash that an earlier line has"));
}

TEST_F(BearerTokensTest, ARefusedFileChangesNothing) {
  ASSERT_TRUE(Load(std::string(kSecret) + " spiffe://example.org/ops/me\n").ok());
  EXPECT_FALSE(Load("nonsense").ok());
  EXPECT_TRUE(tokens_.Identify("secret", kNow).ok());
  ASSERT_TRUE(Load("").ok());
  EXPECT_FALSE(tokens_.Identify("secret", kNow).ok());
}

TEST_F(BearerTokensTest, AFileThatOthersMayWriteIsRefused) {
  ASSERT_TRUE(Load("").ok());
  std::filesystem::permissions(folder_.PathOf("tokens"), std::filesystem::perms::group_write,
                               std::filesystem::perm_options::add);
  EXPECT_THAT(tokens_
                  .Load({.trust_domain = "example.org",
                         .tokens = folder_.PathOf("tokens"),
                         .jwks = {},
                         .jwt = {}})
                  .message(),
              HasSubstr("only its owner may write it"));
}

TEST(OidcIdentity, KeepsPeopleApart) {
  EXPECT_EQ(OidcIdentity("example.org", "anna@example.org"),
            "spiffe://example.org/oidc/anna_40example.org");
  EXPECT_EQ(OidcIdentity("example.org", "a/../b_40"), "spiffe://example.org/oidc/a_2f.._2fb_5f40");
}

}  // namespace
}  // namespace fleetmeter
