// Every command can be told to answer, and to complain, in JSON.
#include <set>

#include "gmock/gmock.h"
#include "nlohmann/json.hpp"
#include "tests/unit/ctl/command_line_testing.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using JsonEverywhereTest = CommandLineTest;

// What these print is no data, or JSON already.
const std::set<std::string> kOfText = {"completion", "manual", "mcp"};

TEST_F(JsonEverywhereTest, EveryCommandTakesIt) {
  const CommandLine all;
  for (const auto& command : all.commands()) {
    if (kOfText.contains(command->path().front())) continue;
    Path arguments = command->path();
    arguments.push_back("--help");
    EXPECT_EQ(Parse(arguments), kExitOk);
    EXPECT_THAT(out_, testing::ContainsRegex("-o,--output FORMAT:\\{[a-z,]*json"))
        << testing::PrintToString(command->path());
  }
}

TEST_F(JsonEverywhereTest, ErrorsAreObjects) {
  EXPECT_EQ(Call({"check", "/nowhere.yaml", "--output", "json"}), kExitError);
  const json error = json::parse(error_).at("error");
  EXPECT_EQ(error.at("code"), "NOT_FOUND");
  EXPECT_THAT(error.at("message"), testing::HasSubstr("/nowhere.yaml"));
  EXPECT_EQ(out_, "");
  EXPECT_EQ(Call({"check", "/nowhere.yaml"}), kExitError);
  EXPECT_THAT(error_, testing::StartsWith("fleetmeterctl: /nowhere.yaml"));
}

TEST_F(JsonEverywhereTest, WrongCommandLinesAreObjectsToo) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"pool", "-o", "json"}, {"pools", "--output=json", "--wid"}, {"headroom", "-ojson"}}) {
    EXPECT_EQ(Parse(arguments), kExitUsage);
    EXPECT_EQ(json::parse(error_).at("error").at("code"), "INVALID_ARGUMENT") << error_;
  }
  EXPECT_EQ(Parse({"pool", "-o", "json"}), kExitUsage);
  EXPECT_EQ(json::parse(error_).at("error").at("message"),
            "\"pool\" is not a command of fleetmeterctl. Did you mean pools?");
}

}  // namespace
}  // namespace fleetmeter::ctl
