#include "daemon/base/text.h"

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

TEST(Utf8, AcceptsEveryLengthUpToTheLastCodePoint) {
  for (const std::string_view text :
       {"", "abc", "\u00e9", "\u20ac", "\U0001F600", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xC2\x80"}) {
    EXPECT_EQ(FindInvalidUtf8(text), std::nullopt) << text;
  }
}

TEST(Utf8, FindsOverlongSurrogateTruncatedAndStrayBytes) {
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3",
        "\xC3(", "\xF0\x9F\x98"}) {
    EXPECT_EQ(FindInvalidUtf8(bad), 0u);
    EXPECT_EQ(FindInvalidUtf8("ok" + std::string(bad)), 2u);
  }
}

TEST(ControlCharacters, AreC0DelAndC1) {
  for (const std::string_view text : {"\n", "\t", "\x1b[31m", "\x7f", "a\u0085", "\u009f"}) {
    EXPECT_TRUE(HasControlCharacter(text));
  }
  for (const std::string_view text : {"", "a b", "\u00a0", "\u00e9", "\u2028"}) {
    EXPECT_FALSE(HasControlCharacter(text));
  }
  EXPECT_TRUE(HasControlCharacter(std::string_view("\0", 1)));
}

TEST(Names, AreShortAndPlain) {
  for (const std::string_view name : {"a", "9", "A/b.c_d-e", "tpu_v5p"}) EXPECT_TRUE(IsName(name));
  for (const std::string_view name : {"", "-a", ".a", "_a", "/a", "a b", "a:b", "a\n", "\u00e9"}) {
    EXPECT_FALSE(IsName(name)) << name;
  }
  EXPECT_TRUE(IsName(std::string(128, 'a')));
  EXPECT_FALSE(IsName(std::string(129, 'a')));
}

TEST(Quoted, IsShortPrintableAndWholeCharacters) {
  EXPECT_EQ(Quoted("a b"), "\"a b\"");
  EXPECT_EQ(Quoted("a\n\x1b"), "\"a\\x0a\\x1b\"");
  EXPECT_EQ(Quoted("a\xc2\x9b"
                   "2J"),
            "\"a\\xc2\\x9b2J\"")
      << "CSI in one character";
  const std::string cut = Quoted(std::string(63, 'a') + "\u20ac\u20ac");
  EXPECT_EQ(cut, "\"" + std::string(63, 'a') + "...\"");
}

TEST(SpacedName, IsOfNamesWithSingleSpacesBetween) {
  for (const std::string_view text : {"mmlu", "GPQA diamond", "AIME 2025 no-tools", "a/b c.d"}) {
    EXPECT_TRUE(IsSpacedName(text)) << text;
  }
  for (const std::string& text :
       {std::string(), std::string(" a"), std::string("a "), std::string("a  b"),
        std::string("a\tb"), std::string("a\nb"), "a " + std::string(127, 'x')}) {
    EXPECT_FALSE(IsSpacedName(text)) << text;
  }
}

}  // namespace
}  // namespace fleetmeter
