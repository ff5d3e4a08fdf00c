#include "daemon/security/spiffe_id.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

TEST(SpiffeId, IsATrustDomainAndAPath) {
  const auto id = ParseSpiffeId("spiffe://example.org/host/a-1_b.C");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->trust_domain, "example.org");
  EXPECT_EQ(id->path, "/host/a-1_b.C");
  EXPECT_EQ(id->Text(), "spiffe://example.org/host/a-1_b.C");
}

TEST(SpiffeId, MayHaveNoPath) {
  const auto id = ParseSpiffeId("spiffe://a");
  ASSERT_TRUE(id.ok()) << id.status();
  EXPECT_EQ(id->path, "");
  EXPECT_EQ(id->Text(), "spiffe://a");
}

TEST(SpiffeId, AllowsWhatTheSpecificationAllows) {
  for (const std::string_view text :
       {"spiffe://1.2.3.4/a", "spiffe://-/a", "spiffe://_a_/b", "spiffe://a..b/c",
        "spiffe://trust-domain/...", "spiffe://example.org/.hidden", "spiffe://example.org/a/b/c/d",
        "spiffe://example.org/-", "spiffe://example.org/A"}) {
    EXPECT_TRUE(ParseSpiffeId(text).ok()) << text;
  }
}

TEST(SpiffeId, RefusesEverythingElse) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {
           ""sv,
           "spiffe"sv,
           "spiffe:"sv,
           "spiffe:/example.org/a"sv,
           "spiffe:example.org/a"sv,
           "SPIFFE://example.org/a"sv,
           "Spiffe://example.org/a"sv,
           " spiffe://example.org/a"sv,
           "spiffe://example.org/a "sv,
           "https://example.org/a"sv,
           "spiffe://"sv,
           "spiffe:///a"sv,
           "spiffe://Example.org/a"sv,
           "spiffe://example.org:443/a"sv,
           "spiffe://example.org:/a"sv,
           "spiffe://user@example.org/a"sv,
           "spiffe://user:secret@example.org/a"sv,
           "spiffe://[::1]/a"sv,
           "spiffe://example.org?a=b"sv,
           "spiffe://example.org/a?b=c"sv,
           "spiffe://example.org/a?"sv,
           "spiffe://example.org/a#b"sv,
           "spiffe://example.org#"sv,
           "spiffe://example.org/"sv,
           "spiffe://example.org/a/"sv,
           "spiffe://example.org//a"sv,
           "spiffe://example.org/a//b"sv,
           "spiffe://example.org/."sv,
           "spiffe://example.org/.."sv,
           "spiffe://example.org/a/./b"sv,
           "spiffe://example.org/a/../b"sv,
           "spiffe://example.org/a/.."sv,
           "spiffe://example.org/%61"sv,
           "spiffe://example%2eorg/a"sv,
           "spiffe://example.org/a%2Fb"sv,
           "spiffe://example.org/a b"sv,
           "spiffe://example.org/a*"sv,
           "spiffe://example.org/*"sv,
           "spiffe://example.org/a\n"sv,
           "spiffe://example.org/a\0"sv,
           "spiffe://example.org\0.evil.com/a"sv,
           "spiffe://example.org/h\xC3\xB6st"sv,
           "spiffe://ex\xC3\xA4mple.org/a"sv,
           "spiffe://example.org\\a"sv,
           "spiffe://example.org/a\\b"sv,
           "spiffe://example.org/a;b"sv,
           "spiffe://example.org/a,spiffe://example.org/b"sv,
           "//example.org/a"sv,
           "example.org/a"sv,
       }) {
    const auto id = ParseSpiffeId(text);
    EXPECT_FALSE(id.ok()) << text;
    EXPECT_EQ(id.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(id.status().message()), HasSubstr("expected spiffe://")) << text;
  }
}

TEST(SpiffeId, HasLimitsOfLength) {
  const std::string domain(kMaxTrustDomainBytes, 'a');
  EXPECT_TRUE(ParseSpiffeId("spiffe://" + domain + "/b").ok());
  EXPECT_FALSE(ParseSpiffeId("spiffe://a" + domain + "/b").ok());
  const std::string start = "spiffe://example.org/";
  EXPECT_TRUE(ParseSpiffeId(start + std::string(kMaxSpiffeIdBytes - start.size(), 'a')).ok());
  const auto longer = ParseSpiffeId(start + std::string(kMaxSpiffeIdBytes - start.size() + 1, 'a'));
  ASSERT_FALSE(longer.ok());
  EXPECT_EQ(std::string(longer.status().message()),
            "is 2049 bytes; expected a SPIFFE ID of at most 2048");
}

TEST(SpiffeId, ErrorsArePrintable) {
  const auto id = ParseSpiffeId("spiffe://example.org/\x1b[2J\"\n\xff");
  ASSERT_FALSE(id.ok());
  EXPECT_THAT(std::string(id.status().message()), HasSubstr(R"(/\x1b[2J\"\x0a\xff")"));
}

}  // namespace
}  // namespace fleetmeter
