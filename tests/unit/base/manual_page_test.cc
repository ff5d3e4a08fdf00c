#include "daemon/base/manual_page.h"

#include "daemon/base/command_description.h"
#include "gmock/gmock.h"
#include "tests/unit/base/flags_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ManualPageTest : public FlagsTest {
 protected:
  ManualPageTest() {
    flags_.Add("--color,-c", &color_, "The colour").OneOf({"white", "black"}).ShowDefault();
    flags_.Add("--file", &file_, "A file\n.so it is").ValueName("FILE").Environment("SHEEP_FILE");
    Flags shear = flags_.AddCommand("shear", "Take the wool. Needs a sheep");
    shear.Add("SHEEP", &sheep_, "Which one").Required();
    shear.SetFooter("Examples:\n  count shear 'Dolly \\ Co'");
    flags_.SetFooter("Examples:\n  count --color white\n\nFiles:\n  .sheep  none\n");
  }

  std::string color_ = "white";
  std::string file_;
  std::string sheep_;
};

TEST_F(ManualPageTest, DescribesWhatTheHelpTells) {
  const CommandDescription program = flags_.Describe();
  EXPECT_EQ(program.name, "count");
  ASSERT_EQ(program.flags.size(), 3u);  // --help too
  const FlagDescription& color = program.flags[1];
  EXPECT_THAT(color.names, ElementsAre("-c", "--color"));
  EXPECT_THAT(color.words, ElementsAre("white", "black"));
  EXPECT_EQ(color.default_text, "white");
  EXPECT_EQ(program.flags[2].value, "FILE");
  EXPECT_EQ(program.flags[2].environment, "SHEEP_FILE");
  EXPECT_EQ(program.flags[0].value, "") << "--help takes none";
  ASSERT_EQ(program.commands.size(), 1u);
  EXPECT_TRUE(program.commands[0].flags[1].positional);
  EXPECT_TRUE(program.commands[0].flags[1].required);
}

TEST_F(ManualPageTest, IsMadeOfTheDeclarations) {
  const std::string page = ManualPage(flags_.Describe(), 1, "0.1.0");
  EXPECT_THAT(page, HasSubstr(".TH COUNT 1 \"\" \"count 0.1.0\""));
  EXPECT_THAT(page, HasSubstr(".SH NAME\ncount \\- Counts sheep\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-c\\fR, \\fB\\-\\-color\\fR \\fIwhite|black\\fR\n"
                              "The colour. Default: white.\n"));
  EXPECT_THAT(page, HasSubstr("A file\n\\&.so it is. Environment: SHEEP_FILE.\n"));
  EXPECT_THAT(page, HasSubstr(".SS count shear\n\\fBcount shear\\fR [OPTIONS] \\fISHEEP\\fR\n"));
  EXPECT_THAT(page, HasSubstr(".SH EXAMPLES\n.nf\n  count \\-\\-color white\n"));
}

TEST_F(ManualPageTest, LetsNoTextBecomeARequest) {
  const std::string page = ManualPage(flags_.Describe(), 1, "0.1.0");
  EXPECT_THAT(page, HasSubstr("Dolly \\e Co"));
  EXPECT_THAT(page, Not(HasSubstr("\n.so")));
}

TEST_F(FlagsTest, TellWhetherTheyWereGiven) {
  std::string name;
  const Flag flag = flags_.Add("--name", &name, "").Environment("COUNT_TEST_NAME");
  ASSERT_EQ(Parse({}), std::nullopt);
  EXPECT_FALSE(flag.given());
  ASSERT_EQ(Parse({"--name", ""}), std::nullopt);
  EXPECT_TRUE(flag.given());
  setenv("COUNT_TEST_NAME", "Eve", 1);
  ASSERT_EQ(Parse({}), std::nullopt);
  EXPECT_TRUE(flag.given());
  EXPECT_EQ(name, "Eve");
  unsetenv("COUNT_TEST_NAME");
}

}  // namespace
}  // namespace fleetmeter
