#include "collectors/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fleetmeter::collector {
namespace {

using testing::IsSupersetOf;

// How many entries the list has.
#define SOURCE(function, folder, files) +1
constexpr size_t kListed = 0
#include "collectors/sources.list"
    ;
#undef SOURCE

TEST(Sources, AreOneSubcommandForEachEntryOfTheList) {
  ProgramFlags program("");
  const SourceCommands commands = AddSources(program);
  EXPECT_EQ(commands.size(), kListed);
  std::vector<std::string> names;
  for (const Flags& command : program.commands()) {
    names.push_back(command.name());
    EXPECT_NE(command.help(), "") << names.back();
  }
  EXPECT_EQ(names.size(), kListed);
  EXPECT_THAT(names, IsSupersetOf({"replay-csv", "replay-openb", "replay-duty-cycle"}));
}

TEST(Sources, AreChosenByTheirNamesAndTakeTheirOwnFlags) {
  ProgramFlags program("");
  const SourceCommands commands = AddSources(program);
  const std::vector<const char*> argv = {"collector",    "replay-csv", "--file",
                                         "/nowhere.csv", "--speed",    "60"};
  ASSERT_EQ(program.Parse(static_cast<int>(argv.size()), argv.data()), std::nullopt);
  ASSERT_TRUE(commands.at(0)->chosen());
  EXPECT_EQ(commands.at(0)->speed(), 60);
  EXPECT_EQ(commands.at(0)->MakeSource().status().code(), absl::StatusCode::kNotFound);
  for (size_t i = 1; i < commands.size(); ++i) EXPECT_FALSE(commands[i]->chosen()) << i;
}

}  // namespace
}  // namespace fleetmeter::collector
