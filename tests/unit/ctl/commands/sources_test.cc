#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/command_line_testing.h"
#include "tests/unit/ctl/fake_daemon.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

class SourcesTest : public CommandLineTest {
 protected:
  int Ask(std::vector<std::string> arguments) {
    arguments.push_back("--admin-address=" + daemon_.address());
    return Call(arguments);
  }

  FakeDaemon daemon_;
};

TEST_F(SourcesTest, NamesWhoIsSilent) {
  EXPECT_EQ(Ask({"sources"}), kExitOk) << error_;
  EXPECT_THAT(out_, HasSubstr("1 source: 1 silent\n"));
  EXPECT_THAT(out_, HasSubstr("gpu-17"));
}

TEST_F(SourcesTest, AsksForWhatWasRejected) {
  EXPECT_EQ(Ask({"rejected", "--source", "gpu-17", "--reason", "unknown_pool", "--most", "7"}),
            kExitOk)
      << error_;
  EXPECT_EQ(daemon_.asked_rejected().source(), "gpu-17");
  EXPECT_EQ(daemon_.asked_rejected().reason(), "unknown_pool");
  EXPECT_EQ(daemon_.asked_rejected().page_size(), 7u);
  EXPECT_THAT(out_, HasSubstr("'servng' is not a pool"));
  EXPECT_EQ(Ask({"rejected", "-o", "json"}), kExitOk);
  EXPECT_EQ(nlohmann::json::parse(out_).at("reports")[0].at("reason"), "unknown_pool");
}

TEST_F(SourcesTest, SaysThatTheListenerIsOffUnlessItIsSet) {
  EXPECT_EQ(Call({"sources", "--admin-address", "127.0.0.1:1"}), kExitError);
  EXPECT_THAT(error_, HasSubstr("127.0.0.1:1 list its sources: Connection refused; is it running, "
                                "and is that its listen.admin, which is off unless its "
                                "configuration sets it?"));
}

TEST_F(SourcesTest, KnowsTheReasonsThatThereAre) {
  EXPECT_EQ(Ask({"rejected", "--reason", "unknown_pol"}), kExitUsage);
  EXPECT_THAT(error_, HasSubstr("(did you mean unknown_pool?)"));
}

}  // namespace
}  // namespace fleetmeter::ctl
