#include "daemon/base/flags.h"

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/base/flags_fixture.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

// --- Values --------------------------------------------------------------------------------------

TEST_F(FlagsTest, FillEachKindOfVariable) {
  std::string text, place;
  double ratio = 0;
  uint32_t small = 0;
  uint64_t large = 0;
  std::optional<int64_t> second;
  std::optional<uint32_t> version;
  bool loud = false;
  flags_.Add("PLACE", &place, "");
  flags_.Add("--text,-t", &text, "");
  flags_.Add("--ratio", &ratio, "");
  flags_.Add("--small", &small, "");
  flags_.Add("--large", &large, "");
  flags_.Add("--second", &second, "");
  flags_.Add("--version-number", &version, "");
  flags_.AddSwitch("--loud,-l", &loud, "");
  ASSERT_EQ(
      Parse({"-t", "a b", "--ratio=0.25", "--small", "4294967295", "--large",
             "18446744073709551615", "--second", "-5", "--version-number", "7", "-l", "meadow"}),
      std::nullopt);
  EXPECT_EQ(text, "a b");
  EXPECT_EQ(ratio, 0.25);
  EXPECT_EQ(small, UINT32_MAX);
  EXPECT_EQ(large, UINT64_MAX);
  EXPECT_EQ(second, -5);
  EXPECT_EQ(version, 7);
  EXPECT_TRUE(loud);
  EXPECT_EQ(place, "meadow");
  EXPECT_EQ(out_ + error_, "");
}

TEST_F(FlagsTest, DoNotTakeTheNextFlagForTheirValue) {
  std::string reason;
  bool yes = false;
  flags_.Add("--reason", &reason, "");
  flags_.AddSwitch("--yes", &yes, "");
  EXPECT_EQ(Parse({"--reason=", "--yes"}), 2);
  EXPECT_THAT(error_, testing::HasSubstr("--reason has nothing after the =; expected"));
  EXPECT_EQ(Parse({"--reason", "", "--yes"}), std::nullopt);
  EXPECT_TRUE(reason.empty() && yes);
}

TEST_F(FlagsTest, LeaveVariablesOfFlagsThatAreNotGiven) {
  std::string text = "default";
  uint32_t count = 3;
  std::optional<int64_t> second;
  bool loud = false;
  flags_.Add("--text", &text, "");
  flags_.Add("--count", &count, "");
  flags_.Add("--second", &second, "");
  flags_.AddSwitch("--loud", &loud, "");
  ASSERT_EQ(Parse({}), std::nullopt);
  EXPECT_EQ(text, "default");
  EXPECT_EQ(count, 3);
  EXPECT_EQ(second, std::nullopt);
  EXPECT_FALSE(loud);
}

TEST_F(FlagsTest, TellOfValuesThatAreNoNumbers) {
  uint32_t count = 0;
  double ratio = 0;
  std::optional<int64_t> second;
  flags_.Add("--count", &count, "");
  flags_.Add("--ratio", &ratio, "");
  flags_.Add("--second", &second, "");
  EXPECT_EQ(ErrorOf({"--count", "x"}), Told("Could not convert: --count = x"));
  EXPECT_EQ(ErrorOf({"--count", "4294967296"}), Told("Could not convert: --count = 4294967296"));
  EXPECT_EQ(ErrorOf({"--ratio", "1/2"}), Told("Could not convert: --ratio = 1/2"));
  EXPECT_EQ(ErrorOf({"--second", "1.5"}), Told("Could not convert: --second = 1.5"));
}

TEST_F(FlagsTest, HandTextToReadersAndTellTheirErrorsWithTheNameOfTheFlag) {
  std::vector<std::string> read;
  const auto take = [&read](const std::string& text) {
    if (text == "red") return absl::InvalidArgumentError("expected a color of sheep");
    read.push_back(text);
    return absl::OkStatus();
  };
  flags_.Add("--word,-w", take, "");
  ASSERT_EQ(Parse({"-w", "black"}), std::nullopt);
  EXPECT_THAT(read, ElementsAre("black"));
  EXPECT_EQ(ErrorOf({"--word=red"}), Told("--word: expected a color of sheep"));
}

TEST_F(FlagsTest, HandNumbersToReaders) {
  double seen = 0;
  const auto take = [&seen](double number) {
    if (number < 0) return absl::InvalidArgumentError("is below 0");
    seen = number;
    return absl::OkStatus();
  };
  flags_.AddNumber("--ask", take, "");
  ASSERT_EQ(Parse({"--ask", "2.5"}), std::nullopt);
  EXPECT_EQ(seen, 2.5);
  EXPECT_EQ(ErrorOf({"--ask", "-1"}), Told("--ask: is below 0"));
  EXPECT_EQ(ErrorOf({"--ask", "many"}), Told("Could not convert: --ask = many"));
}

TEST_F(FlagsTest, HandListsToReadersAtOnce) {
  std::vector<std::string> names;
  std::string place;
  const auto take = [&names](const std::vector<std::string>& texts) {
    if (texts.size() > 2) return absl::InvalidArgumentError("expected at most two");
    names = texts;
    return absl::OkStatus();
  };
  flags_.Add("PLACE", &place, "");
  flags_.AddList("--name", take, "").OneOf({"Ada", "Bo", "Cleo"}).OneValueEach();
  ASSERT_EQ(Parse({"--name", "Ada", "meadow", "--name", "Bo"}), std::nullopt);
  EXPECT_THAT(names, ElementsAre("Ada", "Bo"));
  EXPECT_EQ(place, "meadow");
  EXPECT_EQ(ErrorOf({"--name", "Ada", "--name", "Bo", "--name", "Cleo"}),
            Told("--name: expected at most two"));
  EXPECT_EQ(ErrorOf({"--name", "Ada", "--name", "Eve"}),
            Told("--name: \"Eve\" is not one of Ada, Bo, Cleo"));
}

TEST_F(FlagsTest, MayStandWithoutTheirValue) {
  std::optional<std::string> from;
  bool loud = false;
  const auto take = [&from](const std::string& text) {
    from = text;
    return absl::OkStatus();
  };
  flags_.Add("--from", take, "").ValueIsOptional();
  flags_.AddSwitch("--loud", &loud, "");
  ASSERT_EQ(Parse({"--from", "--loud"}), std::nullopt);
  EXPECT_EQ(from, "");
  EXPECT_TRUE(loud);
  ASSERT_EQ(Parse({"--from", "here"}), std::nullopt);
  EXPECT_EQ(from, "here");
}

TEST_F(FlagsTest, AreReadFromTheEnvironmentWhereTheyAreNotGiven) {
  std::string place;
  flags_.Add("--place", &place, "").Environment("FLEETMETER_FLAGS_TEST");
  setenv("FLEETMETER_FLAGS_TEST", "valley", 1);
  ASSERT_EQ(Parse({}), std::nullopt);
  EXPECT_EQ(place, "valley");
  ASSERT_EQ(Parse({"--place", "hill"}), std::nullopt);
  EXPECT_EQ(place, "hill");
  unsetenv("FLEETMETER_FLAGS_TEST");
}

// --- Checks --------------------------------------------------------------------------------------

TEST_F(FlagsTest, HaveRangesWhoseLimitsBelongToThem) {
  uint32_t small = 0;
  uint64_t large = 0;
  double ratio = 0;
  flags_.Add("--small", &small, "").InRange(1, 1'000);
  flags_.Add("--large", &large, "").InRange(uint64_t{1}, uint64_t{1} << 40);
  flags_.Add("--ratio", &ratio, "").InRange(0.05, 1800.0);
  ASSERT_EQ(Parse({"--small", "1", "--large", "1099511627776", "--ratio", "0.05"}), std::nullopt);
  EXPECT_EQ(small, 1);
  EXPECT_EQ(large, uint64_t{1} << 40);
  EXPECT_EQ(ratio, 0.05);
  EXPECT_EQ(ErrorOf({"--small", "1001"}), Told("--small: Value 1001 not in range 1 to 1000"));
  EXPECT_EQ(ErrorOf({"--small", "x"}), Told("--small: Value x not in range 1 to 1000"));
  EXPECT_EQ(ErrorOf({"--large", "0"}), Told("--large: Value 0 not in range 1 to 1099511627776"));
  EXPECT_EQ(ErrorOf({"--large", "-1"}), Told("--large: Value -1 not in range 1 to 1099511627776"));
  EXPECT_EQ(ErrorOf({"--ratio", "0.04"}),
            Told("--ratio: Value 0.04 not in range 0.050000 to 1800.000000"));
}

TEST_F(FlagsTest, TakeSizesBeforeTheyAreComparedWithARange) {
  uint64_t bytes = 0;
  flags_.Add("--bytes", &bytes, "").TakeSizes().InRange(uint64_t{1} << 10, uint64_t{1} << 30);
  ASSERT_EQ(Parse({"--bytes", "4MiB"}), std::nullopt);
  EXPECT_EQ(bytes, uint64_t{4} << 20);
  ASSERT_EQ(Parse({"--bytes", "2048"}), std::nullopt);
  EXPECT_EQ(bytes, 2048);
  EXPECT_EQ(ErrorOf({"--bytes", "2GiB"}),
            Told("--bytes: Value 2147483648 not in range 1024 to 1073741824"));
  EXPECT_THAT(ErrorOf({"--bytes", "4sheep"}), StartsWith("--bytes: sheep unit not recognized"));
}

TEST_F(FlagsTest, HaveWordsAndChecksOfOurOwn) {
  std::string color = "white";
  std::string place = "nowhere";
  const auto no_space = [](const std::string& text) {
    return text.find(' ') == std::string::npos ? absl::OkStatus()
                                               : absl::InvalidArgumentError("has a space");
  };
  flags_.Add("--color", &color, "").OneOf({"white", "black"});
  flags_.Add("--place", &place, "").Check(no_space);
  ASSERT_EQ(Parse({"--color", "black", "--place", "hill"}), std::nullopt);
  EXPECT_EQ(color, "black");
  EXPECT_EQ(place, "hill");
  EXPECT_EQ(ErrorOf({"--color", "red"}), Told("--color: \"red\" is not one of white, black"));
  EXPECT_EQ(ErrorOf({"--place", "a hill"}), Told("--place: has a space"));
  EXPECT_EQ(place, "hill");
}

TEST_F(FlagsTest, SayWhatGoesWithWhat) {
  std::string from, to, place;
  bool hold = false;
  const Flag until = flags_.Add("--to", &to, "");
  flags_.Add("--from", &from, "").Needs(until);
  flags_.AddSwitch("--hold", &hold, "").Excludes(until);
  flags_.Add("--place", &place, "").Required();
  EXPECT_EQ(ErrorOf({}), Told("--place is required"));
  EXPECT_EQ(ErrorOf({"--place", "hill", "--from", "1"}), Told("--from requires --to"));
  EXPECT_EQ(ErrorOf({"--place", "hill", "--hold", "--to", "2"}), Told("--to excludes --hold"));
  EXPECT_EQ(Parse({"--place", "hill", "--from", "1", "--to", "2"}), std::nullopt);
}

// --- What is printed -----------------------------------------------------------------------------

TEST_F(FlagsTest, HaveHelpWithDefaultsInTheOrderInWhichTheyAreAdded) {
  std::string place;
  std::string text = "wool";
  double ratio = 10;
  uint32_t limit = 0;
  uint64_t bytes = 0;
  std::optional<int64_t> second;
  bool loud = false;
  const auto ignore = [](const std::string&) { return absl::OkStatus(); };
  const auto ignore_all = [](const std::vector<std::string>&) { return absl::OkStatus(); };
  flags_.Add("PLACE", &place, "Where").Required();
  flags_.Add("--zeal", &ratio, "A ratio").InRange(0.05, 1800.0).ShowDefault();
  flags_.Add("--text", &text, "A text").ValueName("WORD").Environment("SHEEP").ShowDefault();
  flags_.Add("--limit", &limit, "A limit").InRange(1, 1'000).ValueName("N");
  flags_.Add("--bytes", &bytes, "Bytes").InRange(uint64_t{1}, uint64_t{9}).Default("1GiB");
  const Flag at = flags_.Add("--second", &second, "A second");
  flags_.Add("--output,-o", ignore, "A format").ValueName("FORMAT").OneOf({"a", "b"}).Default("a");
  flags_.AddList("--name", ignore_all, "Names").ValueName("NAME").OneValueEach().Needs(at);
  flags_.AddSwitch("--loud", &loud, "Be loud").Excludes(at);
  flags_.AddVersion("count 1");
  flags_.SetFooter("Examples:\n  count hill");
  ASSERT_EQ(Parse({"--help"}), 0);
  EXPECT_EQ(error_, "");
  EXPECT_EQ(out_,
            "Counts sheep.\n"
            "Usage: count [OPTIONS] PLACE\n"
            "\n"
            "Positionals:\n"
            "  PLACE TEXT REQUIRED         Where\n"
            "\n"
            "Options:\n"
            "  -h,--help                   Print this help message and exit\n"
            "  --zeal FLOAT:FLOAT in [0.05 - 1800]=10\n"
            "                              A ratio\n"
            "  --text WORD=wool (Env:SHEEP)\n"
            "                              A text\n"
            "  --limit N:INT in [1 - 1000] A limit\n"
            "  --bytes UINT:UINT in [1 - 9]=1GiB\n"
            "                              Bytes\n"
            "  --second INT Excludes: --loud\n"
            "                              A second\n"
            "  -o,--output FORMAT:{a,b}=a  A format\n"
            "  --name NAME ... Needs: --second\n"
            "                              Names\n"
            "  --loud Excludes: --second   Be loud\n"
            "  --version                   Display program version information and exit\n"
            "\n"
            "Examples:\n"
            "  count hill\n");
}

TEST_F(FlagsTest, PrintPagesInsteadOfWhatTheProgramElseDoes) {
  flags_.AddPage("--print-page", [] { return std::string("A page {}.\n"); }, "");
  flags_.AddVersion("count 1.2");
  flags_.AddCommand("run", "Runs");
  flags_.RequireOneCommand();
  EXPECT_EQ(Parse({"--print-page"}), 0);
  EXPECT_EQ(out_, "A page {}.\n");
  EXPECT_EQ(Parse({"--version"}), 0);
  EXPECT_EQ(out_, "count 1.2\n");
  EXPECT_EQ(error_, "");
}

TEST_F(FlagsTest, MayActWithoutAValue) {
  int acts = 0;
  flags_.AddSwitch("--act", [&acts] { ++acts; }, "");
  ASSERT_EQ(Parse({}), std::nullopt);
  EXPECT_EQ(acts, 0);
  ASSERT_EQ(Parse({"--act"}), std::nullopt);
  EXPECT_EQ(acts, 1);
}

TEST(ProgramFlags, HaveTheNameThatTheyWereCalledByIfThereIsNoOther) {
  ProgramFlags flags("Counts sheep.");
  const char* const argv[] = {"./count", "--help"};
  testing::internal::CaptureStdout();
  EXPECT_EQ(flags.Parse(2, argv), 0);
  testing::internal::GetCapturedStdout();
  EXPECT_EQ(flags.name(), "./count");
}

}  // namespace
}  // namespace fleetmeter
