#include "daemon/config/listen_address.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

TEST(ListenAddress, IsReadWithItsPort) {
  const auto v4 = ParseListenAddress("127.0.0.1:7443");
  ASSERT_TRUE(v4.ok());
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 7443);
  const auto v6 = ParseListenAddress("[::1]:0");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 0);
  EXPECT_TRUE(ParseListenAddress("localhost:65535").ok());
  EXPECT_TRUE(ParseListenAddress("127.255.0.9:1").ok());
}

TEST(ListenAddress, KnowsWhatOtherMachinesCanReach) {
  for (const std::string_view text : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1", "localhost:1"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_TRUE(address->loopback) << text;
  }
  for (const std::string_view text : {"0.0.0.0:7443", "[::]:7443", "10.0.0.1:1", "128.0.0.1:1",
                                      "[fe80::1]:1", "[::ffff:10.0.0.1]:1"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_FALSE(address->loopback) << text;
  }
}

TEST(ListenAddress, TakesNoNamesThatWouldBeLookedUp) {
  for (const std::string_view text :
       {"example.com:80", "localhost.example.com:1", "0:80", "2130706433:80", "*:80"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(std::string(address.status().message()),
                testing::HasSubstr("neither an IP address nor localhost"));
  }
}

TEST(ListenAddress, NeedsAHostAndAPort) {
  for (const std::string_view text :
       {"", ":", ":7443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
        "127.0.0.1:http", "::1:80", "[::1]", "[::1:80", "::1]:80", "127.0.0.1:80 ",
        "[127.0.0.1]:80"}) {
    const auto address = ParseListenAddress(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(std::string(address.status().message()),
                testing::HasSubstr("not a host and a port"));
  }
}

}  // namespace
}  // namespace fleetmeter
