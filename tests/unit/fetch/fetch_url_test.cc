#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/fetch/http_fetch.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(FetchUrl, SplitsWhatItTakes) {
  auto url = FetchUrl::Parse("http://node-1:9400/metrics?a=b#part");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "node-1");
  EXPECT_EQ(url->port, "9400");
  EXPECT_EQ(url->target, "/metrics?a=b");
  url = FetchUrl::Parse("https://[::1]");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->scheme, FetchUrl::Scheme::kHttps);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "443");
  EXPECT_EQ(url->target, "/");
  url = FetchUrl::Parse("unix:///run/slurm.sock:/slurm/v0.0.40/nodes");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->host, "/run/slurm.sock");
  EXPECT_EQ(url->target, "/slurm/v0.0.40/nodes");
  EXPECT_EQ(FetchUrl::Parse("http://h?q=1")->target, "/?q=1");
}

TEST(FetchUrl, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "node:9400", "ftp://h/", "http://", "http:///x", "http://h:0/",
                           "http://h:65536/", "http://h:x/", "http://a b/", "http://h/\r\nX: y",
                           "http://[::1/", "unix://x", "http://h\n"}) {
    EXPECT_FALSE(FetchUrl::Parse(text).ok()) << text;
  }
}

TEST(FetchUrl, NeverShowsAPassword) {
  const auto url = FetchUrl::Parse("http://me:secret@host/");
  ASSERT_FALSE(url.ok());
  EXPECT_THAT(std::string(url.status().message()), Not(HasSubstr("secret")));
}

TEST(FetchUrl, KnowsTheSameServer) {
  const auto url = FetchUrl::Parse("http://h/a");
  EXPECT_TRUE(url->SameServer(*FetchUrl::Parse("http://h:80/b")));
  EXPECT_FALSE(url->SameServer(*FetchUrl::Parse("https://h/a")));
  EXPECT_FALSE(url->SameServer(*FetchUrl::Parse("http://h:81/a")));
  EXPECT_FALSE(url->SameServer(*FetchUrl::Parse("http://other/a")));
}

TEST(CheckFetchOptions, WantsTlsSettingsThatGoTogether) {
  FetchOptions options;
  options.url = "https://h/";
  EXPECT_TRUE(CheckFetchOptions(options).ok());
  options.certificate_file = "a.pem";
  EXPECT_FALSE(CheckFetchOptions(options).ok());
  options.key_file = "a-key.pem";
  EXPECT_TRUE(CheckFetchOptions(options).ok());
  options.url = "http://h/";
  EXPECT_FALSE(CheckFetchOptions(options).ok());
}

}  // namespace
}  // namespace fleetmeter
