#include "daemon/ctl/print/text_cells.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(Printable, KeepsText) {
  EXPECT_EQ(Printable("Sécurité, 東京 \xf0\x9f\x9a\x80 #1"), "Sécurité, 東京 \xf0\x9f\x9a\x80 #1");
}

TEST(Printable, WritesOutWhatSteersATerminal) {
  EXPECT_EQ(Printable("a\x1b[31mred\nnext\x7f"), "a\\x1b[31mred\\x0anext\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "2J"),
            "\\x9b2J");  // C1: a control sequence in one character
  EXPECT_EQ(Printable("safe\xe2\x80\xaegnp"), "safe\\u202egnp");
  EXPECT_EQ(Printable(std::string("a\0b", 3)), "a\\x00b");
}

TEST(Printable, WritesOutBytesThatAreNotUtf8) {
  EXPECT_EQ(Printable("\xff"
                      "a\xc3"),
            "\\xffa\\xc3");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");
}

TEST(DisplayWidth, CountsTerminalColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("Sécurité"), 8U);
  EXPECT_EQ(DisplayWidth("東京"), 4U);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1U);  // a combining accent
  EXPECT_EQ(DisplayWidth("█░"), 2U);
}

TEST(Pad, FillsUpToTheWidthAsShown) {
  EXPECT_EQ(PadRight("東", 4), "東  ");
  EXPECT_EQ(PadLeft("é", 3), "  é");
  EXPECT_EQ(PadLeft("long", 2), "long");
}

TEST(ClipLine, CutsByColumnsAndEndsColours) {
  EXPECT_EQ(ClipLine("abcdef", 4), "abcd");
  EXPECT_EQ(ClipLine("a東京", 4), "a東");
  EXPECT_EQ(ClipLine("\x1b[31mabc\x1b[0mdef", 2), "\x1b[31mab\x1b[0m");
  EXPECT_EQ(ClipLine("\x1b[31mab\x1b[0m", 2), "\x1b[31mab\x1b[0m");
}

TEST(WrapText, BreaksAtSpaces) {
  EXPECT_EQ(WrapText("one two three", 7, ""), "one two\nthree\n");
  EXPECT_EQ(WrapText("one two", 6, "  "), "  one\n  two\n");
  EXPECT_EQ(WrapText("unbreakable", 4, ""), "unbreakable\n");
  EXPECT_EQ(WrapText("", 4, "  "), "");
}

TEST(Shortened, SaysThatThereIsMore) {
  EXPECT_EQ(Shortened("serving", 7), "serving");
  EXPECT_EQ(Shortened("serving", 6), "ser...");
  EXPECT_EQ(Shortened("serving", 2), "se");
}

}  // namespace
}  // namespace fleetmeter::ctl
