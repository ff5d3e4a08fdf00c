#include "daemon/config/otlp_endpoint.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

TEST(OtlpEndpoint, IsAUrlWithItsPort) {
  const auto plain = ParseOtlpEndpoint("http://127.0.0.1:4317");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->target, "127.0.0.1:4317");
  EXPECT_FALSE(plain->tls);
  EXPECT_TRUE(plain->loopback);
  const auto secure = ParseOtlpEndpoint("https://collector.example.org:443/");
  ASSERT_TRUE(secure.ok()) << secure.status();
  EXPECT_EQ(secure->target, "collector.example.org:443");
  EXPECT_TRUE(secure->tls);
  EXPECT_FALSE(secure->loopback);
  EXPECT_EQ(ParseOtlpEndpoint("http://[::1]:4317")->target, "[::1]:4317");
  EXPECT_TRUE(ParseOtlpEndpoint("http://[::1]:4317")->loopback);
}

TEST(OtlpEndpoint, IsNothingElse) {
  for (const char* url : {"", "collector:4317", "http://collector", "https://collector/", "://a:1",
                          "http://collector:4317/v1/metrics", "unix:///run/otlp:/", "grpc://a:4317",
                          "http://me@collector:4317", "http://collector:99999"}) {
    EXPECT_THAT(std::string(ParseOtlpEndpoint(url).status().message()),
                testing::HasSubstr("expected http://HOST:PORT"))
        << url;
  }
}

}  // namespace
}  // namespace fleetmeter
