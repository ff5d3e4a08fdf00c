#include "collectors/attribution/glob.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace fleetmeter::collector {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(MatchesGlob("chat", "chat"));
  EXPECT_FALSE(MatchesGlob("chat", "chat-large"));
  EXPECT_FALSE(MatchesGlob("chat", "a-chat"));
  EXPECT_TRUE(MatchesGlob("", ""));
  EXPECT_FALSE(MatchesGlob("", "x"));
}

TEST(Glob, TakesAnyBytesForAStar) {
  EXPECT_TRUE(MatchesGlob("*", ""));
  EXPECT_TRUE(MatchesGlob("*", "anything"));
  EXPECT_TRUE(MatchesGlob("chat-*", "chat-"));
  EXPECT_TRUE(MatchesGlob("chat-*", "chat-large-7"));
  EXPECT_FALSE(MatchesGlob("chat-*", "chat"));
  EXPECT_TRUE(MatchesGlob("*-serving", "a-serving-serving"));
  EXPECT_TRUE(MatchesGlob("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(MatchesGlob("a*b*c", "a-c-b"));
  EXPECT_TRUE(MatchesGlob("a**", "a"));
}

TEST(Glob, TakesOneByteForAQuestionMark) {
  EXPECT_TRUE(MatchesGlob("run-?", "run-7"));
  EXPECT_FALSE(MatchesGlob("run-?", "run-"));
  EXPECT_FALSE(MatchesGlob("run-?", "run-77"));
  EXPECT_TRUE(MatchesGlob("*?", "x"));
  EXPECT_FALSE(MatchesGlob("*?", ""));
}

TEST(Glob, TakesEveryOtherByteForItself) {
  EXPECT_TRUE(MatchesGlob("a[1].{b}\\", "a[1].{b}\\"));
  EXPECT_FALSE(MatchesGlob("a[1]", "a1"));
  EXPECT_FALSE(MatchesGlob("Chat", "chat"));
}

// Where each star is tried anew, this would not end in a lifetime.
TEST(Glob, IsQuickOnPatternsThatNearlyMatch) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(MatchesGlob(pattern + "b", std::string(1'000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace fleetmeter::collector
