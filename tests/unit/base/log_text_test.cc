// What a peer sends can be part of a log line, and stays part of that line.
#include "daemon/base/log_text.h"

#include <gtest/gtest.h>

#include "daemon/base/log_throttle.h"

namespace fleetmeter {
namespace {

TEST(LogText, LeavesPlainTextAsItIs) {
  EXPECT_EQ(LogText("plan 'x' of \u6771\u4eac: 10 % \\o/"), "plan 'x' of \u6771\u4eac: 10 % \\o/");
}

TEST(LogText, SetsInWhatFollowsALineBreak) {
  EXPECT_EQ(LogText("no\n2026-01-01T00:00:00 info all is well"),
            "no\n    2026-01-01T00:00:00 info all is well");
  EXPECT_EQ(LogText("no\r2026"), "no\\x0d2026");
}

TEST(LogText, LetsNothingSteerATerminal) {
  EXPECT_EQ(LogText("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(LogText("\xc2\x9b"
                    "2J"),
            "\\xc2\\x9b2J");
}

TEST(LogText, ShowsBytesThatAreNoText) {
  EXPECT_EQ(LogText("a\xff\xc3(\u00e9"), "a\\xff\\xc3(\u00e9");
  EXPECT_EQ(LogText("\xe2\x82"), "\\xe2\\x82");
}

TEST(JsonLogText, IsTheInsideOfAString) {
  EXPECT_EQ(JsonLogText("say \"hi\"\\\n\x1b"), "say \\\"hi\\\"\\\\\\u000a\\u001b");
  EXPECT_EQ(JsonLogText("\u6771 \xff \xc2\x9b"), "\u6771 \\u00ff \\u00c2\\u009b");
}

TEST(LogThrottle, LetsSomeThroughAndCountsTheRest) {
  LogThrottle throttle;
  const int64_t start = 5 * kNanosPerSecond;
  for (int i = 0; i < LogThrottle::kBurst; ++i) EXPECT_EQ(throttle.Take(start), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(throttle.Take(start).has_value());
  EXPECT_EQ(throttle.Take(start + LogThrottle::kRefillNanos), 7u);
  EXPECT_FALSE(throttle.Take(start + LogThrottle::kRefillNanos).has_value());
}

}  // namespace
}  // namespace fleetmeter
