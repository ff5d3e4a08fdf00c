#include "collectors/sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
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

// What a replay makes of an entry of a configuration; `error` gets what is wrong with it.
DescribedSource Described(const std::string& name, const std::string& entry, std::string* error) {
  ProgramFlags program("");
  const SourceCommands commands = AddSources(program);
  auto file = YamlFile::Parse("/etc/collector.yaml", entry);
  EXPECT_TRUE(file.ok()) << file.status();
  DescribedSource described;
  for (const auto& command : commands) {
    if (command->name() != name) continue;
    YamlMap map((*file)->root());
    described = command->Describe(map);
  }
  *error = std::string((*file)->status().message());
  return described;
}

TEST(Sources, AreDescribedByKeysOfAConfigurationToo) {
  std::string error;
  const DescribedSource csv =
      Described("replay-csv", "{file: nowhere.csv, speed: 60, from: 5, loop: true}", &error);
  EXPECT_EQ(error, "");
  EXPECT_EQ(csv.speed, 60);
  const absl::Status made = csv.make().status();
  EXPECT_EQ(made.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(made.message()), HasSubstr("/etc/nowhere.csv"))
      << "paths are relative to the configuration";
  EXPECT_NE(Described("replay-openb", "{nodes: a.csv, pods: b.csv, rules: c.yaml}", &error).make,
            nullptr);
  EXPECT_EQ(error, "");
  EXPECT_NE(
      Described("replay-duty-cycle",
                "{file: a.csv, chip: h20, pool: serving, team: chat, workload_type: serve}", &error)
          .make,
      nullptr);
  EXPECT_EQ(error, "");
}

TEST(Sources, AreStrictAboutKeysOfAConfiguration) {
  std::string error;
  Described("replay-csv", "{file: a.csv, sped: 2}", &error);
  EXPECT_THAT(error, HasSubstr("did you mean speed?"));
  Described("replay-csv", "{speed: 2}", &error);
  EXPECT_THAT(error, HasSubstr("file"));
  Described("replay-csv", "{file: a.csv, hold: true, loop: true}", &error);
  EXPECT_THAT(error, HasSubstr("hold: is set beside until or loop"));
  Described("replay-csv", "{file: a.csv, speed: 0.5}", &error);
  EXPECT_THAT(error, HasSubstr("speed"));
}

}  // namespace
}  // namespace fleetmeter::collector
