// Commands of a program: which is chosen, and which flags it takes.
#include "daemon/base/flags.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/base/flags_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CommandsTest : public FlagsTest {
 protected:
  CommandsTest() {
    flags_.Add("--farm", &farm_, "");
    Flags shear = flags_.AddCommand("shear", "Shears sheep");
    shear.TakeFlagsOfParent();
    shear.Add("--tool", &tool_, "");
    shear.SetCheck([this] {
      return tool_ == "axe" ? absl::InvalidArgumentError("an axe is no tool") : absl::OkStatus();
    });
    Flags sell = flags_.AddCommand("sell", "Sells something");
    sell.TakeFlagsOfParent();
    sell.RequireOneCommand();
    for (const char* ware : {"wool", "milk"}) sell.AddCommand(ware, "").TakeFlagsOfParent();
  }

  std::string farm_;
  std::string tool_;
};

TEST_F(CommandsTest, AreListedInTheOrderInWhichTheyAreAdded) {
  std::vector<std::string> names;
  for (const Flags& command : flags_.commands()) names.push_back(command.name());
  EXPECT_THAT(names, ElementsAre("shear", "sell"));
  EXPECT_EQ(flags_.commands().front().help(), "Shears sheep");
  EXPECT_THAT(flags_.commands().front().commands(), IsEmpty());
}

TEST_F(CommandsTest, AreChosenAndTakeFlagsOfWhatIsAboveThem) {
  flags_.RequireOneCommand();
  ASSERT_EQ(Parse({"sell", "wool", "--farm", "hill"}), std::nullopt);
  EXPECT_EQ(farm_, "hill");
  const std::vector<Flags> commands = flags_.commands();
  EXPECT_FALSE(commands[0].chosen());
  EXPECT_TRUE(commands[1].chosen());
  EXPECT_TRUE(commands[1].commands()[0].chosen());
  EXPECT_FALSE(commands[1].commands()[1].chosen());
}

TEST_F(CommandsTest, CheckTheWholeCommandLineIfItNamesThem) {
  EXPECT_EQ(ErrorOf({"shear", "--tool", "axe"}), Told("an axe is no tool"));
  EXPECT_EQ(Parse({"shear", "--tool", "scissors"}), std::nullopt);
  tool_ = "axe";
  EXPECT_EQ(Parse({"sell", "wool"}), std::nullopt);
}

TEST_F(CommandsTest, AreCounted) {
  EXPECT_EQ(Parse({}), std::nullopt);
  flags_.RequireCommands();
  EXPECT_EQ(ErrorOf({}), Told("A subcommand is required"));
  EXPECT_EQ(Parse({"shear", "sell", "milk"}), std::nullopt);
  EXPECT_EQ(ErrorOf({"sell"}), Told("A subcommand is required"));
}

TEST_F(CommandsTest, ReplaceTheLibrarysWordsOfAWrongCommandLine) {
  WrongCommandLine wrong;
  flags_.SetComplaint([&wrong](const WrongCommandLine& what) {
    wrong = what;
    return "No.\n";
  });
  EXPECT_EQ(ErrorOf({"sell", "--wares", "wool"}), "No.\n");
  EXPECT_EQ(wrong.message, R"("--wares" is a word too many for )" + wrong.command);
  EXPECT_EQ(wrong.command, "count sell wool");
  EXPECT_THAT(wrong.rest, ElementsAre("--wares"));
  EXPECT_THAT(wrong.flags, ElementsAre("--help", "--farm"));
  EXPECT_THAT(wrong.commands, IsEmpty());

  EXPECT_EQ(ErrorOf({"sell", "--", "meat"}), "No.\n");
  EXPECT_TRUE(wrong.leftover);
  EXPECT_EQ(wrong.command, "count sell");
  EXPECT_THAT(wrong.rest, ElementsAre("meat"));
  EXPECT_THAT(wrong.commands, ElementsAre("wool", "milk"));

  EXPECT_EQ(ErrorOf({"shear", "--tool", "axe"}), "No.\n");
  EXPECT_FALSE(wrong.leftover);
  EXPECT_EQ(wrong.message, "an axe is no tool");
}

}  // namespace
}  // namespace fleetmeter
