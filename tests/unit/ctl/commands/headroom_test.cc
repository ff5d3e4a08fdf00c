#include "gmock/gmock.h"
#include "tests/unit/ctl/command_line_testing.h"
#include "tests/unit/ctl/fake_daemon.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using HeadroomTest = CommandLineTest;

TEST_F(HeadroomTest, ReadsAnAsk) {
  FakeDaemon daemon;
  EXPECT_EQ(Call({"headroom", "serving", "--ask", "512.5", "--address", daemon.address()}),
            kExitDoesNotFit);
  EXPECT_EQ(daemon.asked_headroom().pool(), "serving");
  EXPECT_THAT(out_, HasSubstr("too few for 512.5"));
  EXPECT_EQ(Call({"headroom", "serving", "--ask", "300", "--address", daemon.address()}), kExitOk);
  EXPECT_THAT(out_, StartsWith("yes: 300 H100e fit"));
}

TEST_F(HeadroomTest, ReadsHowOftenAWatchAsks) {
  FakeDaemon daemon;
  EXPECT_EQ(Call({"headroom", "serving", "--ask", "512.5", "--watch", "--interval", "2s",
                  "--address", daemon.address()}),
            kExitError);
  EXPECT_THAT(error_, HasSubstr("does not let us ask: the rules have changed"));
  EXPECT_EQ(daemon.asked_watch().pool(), "serving");
  EXPECT_EQ(daemon.asked_watch().interval_millis(), 2'000u);
  EXPECT_THAT(out_, HasSubstr("  serving  headroom 300.0  "));
  EXPECT_THAT(out_, HasSubstr("  no: "));
}

}  // namespace
}  // namespace fleetmeter::ctl
