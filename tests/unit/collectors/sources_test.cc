#include "collectors/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
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
  CLI::App app;
  const SourceCommands commands = AddSources(app);
  EXPECT_EQ(commands.size(), kListed);
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    names.push_back(command->get_name());
    EXPECT_NE(command->get_description(), "") << names.back();
  }
  EXPECT_EQ(names.size(), kListed);
  EXPECT_THAT(names, IsSupersetOf({"replay-csv", "replay-openb", "replay-duty-cycle"}));
}

TEST(Sources, AreChosenByTheirNamesAndTakeTheirOwnFlags) {
  CLI::App app;
  const SourceCommands commands = AddSources(app);
  app.parse("replay-csv --file /nowhere.csv --speed 60");
  ASSERT_TRUE(commands.at(0)->chosen());
  EXPECT_EQ(commands.at(0)->speed(), 60);
  EXPECT_EQ(commands.at(0)->MakeSource().status().code(), absl::StatusCode::kNotFound);
  for (size_t i = 1; i < commands.size(); ++i) EXPECT_FALSE(commands[i]->chosen()) << i;
}

}  // namespace
}  // namespace fleetmeter::collector
