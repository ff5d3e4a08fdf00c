#include "daemon/ctl/commands/flags.h"

#include <cstdlib>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using namespace std::chrono_literals;

class ParseFlagsTest : public testing::Test {
 protected:
  ParseFlagsTest() { unsetenv("FLEETMETER_ADDRESS"); }

  std::optional<int> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "fleetmeterctl");
    flags_ = {};
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const auto exit_code =
        ParseFlags(static_cast<int>(arguments.size()), arguments.data(), &flags_);
    out_ = testing::internal::GetCapturedStdout();
    error_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  Flags flags_;
  std::string out_;
  std::string error_;
};

TEST_F(ParseFlagsTest, HasDefaults) {
  ASSERT_EQ(Parse({"pools"}), std::nullopt);
  EXPECT_EQ(flags_.command, Command::kPools);
  EXPECT_EQ(flags_.address, "127.0.0.1:7444");
  EXPECT_EQ(flags_.timeout, 5s);
  EXPECT_EQ(flags_.output, OutputFormat::kTable);
}

TEST_F(ParseFlagsTest, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  ASSERT_EQ(Parse({"--timeout", "250ms", "plan", "show", "--address", "a:1", "-o", "json"}),
            std::nullopt);
  EXPECT_EQ(flags_.command, Command::kPlanShow);
  EXPECT_EQ(flags_.timeout, 250ms);
  EXPECT_EQ(flags_.address, "a:1");
  EXPECT_EQ(flags_.output, OutputFormat::kJson);
}

TEST_F(ParseFlagsTest, PrefersTheFlagToTheEnvironment) {
  setenv("FLEETMETER_ADDRESS", "env:1", 1);
  ASSERT_EQ(Parse({"supply"}), std::nullopt);
  EXPECT_EQ(flags_.address, "env:1");
  ASSERT_EQ(Parse({"supply", "--address", "flag:2"}), std::nullopt);
  EXPECT_EQ(flags_.address, "flag:2");
  unsetenv("FLEETMETER_ADDRESS");
}

TEST_F(ParseFlagsTest, ReadsAnAsk) {
  ASSERT_EQ(Parse({"headroom", "serving", "--ask", "512.5", "--watch", "--interval", "2s"}),
            std::nullopt);
  EXPECT_EQ(flags_.command, Command::kHeadroom);
  EXPECT_EQ(flags_.pool, "serving");
  EXPECT_EQ(flags_.ask_h100e, 512.5);
  EXPECT_TRUE(flags_.watch);
  EXPECT_EQ(flags_.interval, 2s);
}

TEST_F(ParseFlagsTest, RefusesWrongCommandLines) {
  const std::vector<std::vector<const char*>> wrong = {
      {},
      {"nonsense"},
      {"pools", "--nonsense"},
      {"pools", "--output", "xml"},
      {"pools", "--address", "no-port"},
      {"pools", "--address", "host:99999"},
      {"pools", "--timeout", "5"},
      {"pools", "--timeout", "0s"},
      {"headroom"},
      {"headroom", "a", "b"},
      {"headroom", "a", "--ask", "0"},
      {"headroom", "a", "--ask", "nan"},
      {"headroom", "a", "--ask", "inf"},
      {"headroom", "a", "--ask", "many"},
      {"headroom", "a", "--watch", "--interval", "1ms"},
      {"plan"},
      {"check"},
  };
  for (const auto& arguments : wrong) {
    EXPECT_EQ(Parse(arguments), kExitUsage) << testing::PrintToString(arguments);
    EXPECT_NE(error_, "");
    EXPECT_EQ(out_, "");
  }
}

TEST_F(ParseFlagsTest, NamesTheOptionThatIsWrong) {
  Parse({"pools", "--timeout", "5"});
  EXPECT_THAT(error_, testing::HasSubstr("--timeout: '5' is not a duration"));
  Parse({"pools", "--address", "no-port"});
  EXPECT_THAT(error_, testing::HasSubstr("'no-port' is not an address; expected host:port"));
}

TEST_F(ParseFlagsTest, HelpsWithExamplesAndExitCodes) {
  EXPECT_EQ(Parse({"--help"}), kExitOk);
  EXPECT_THAT(out_, testing::HasSubstr("Examples:"));
  EXPECT_THAT(out_, testing::HasSubstr("FLEETMETER_ADDRESS"));
  EXPECT_EQ(Parse({"headroom", "--help"}), kExitOk);
  EXPECT_THAT(out_, testing::HasSubstr("Exit code"));
  EXPECT_EQ(Parse({"--version"}), kExitOk);
  EXPECT_THAT(out_, testing::StartsWith("fleetmeterctl "));
}

}  // namespace
}  // namespace fleetmeter::ctl
