#include "daemon/base/log_fields.h"

#include <spdlog/spdlog.h>

#include <functional>
#include <string>

#include "daemon/base/logging.h"
#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

std::string Logged(const std::string& format, const std::function<void()>& log) {
  testing::internal::CaptureStderr();
  SetUpLogging("info", format);
  log();
  return testing::internal::GetCapturedStderr();
}

TEST(JsonMembers, AreTextsAndNumbersWhateverIsInThem) {
  EXPECT_EQ(JsonMembers({}), "");
  EXPECT_EQ(JsonMembers({{"pool", "a\",\"level\":\"x\n"}, {"reports", 3}, {"left", -1}}),
            R"(,"pool":"a\",\"level\":\"x\u000a","reports":3,"left":-1)");
}

TEST(LogWith, AddsMembersToALineOfJson) {
  const std::string line = Logged("json", [] {
    LogWith(spdlog::level::warn, "it \"ended\"", {{"event", "stream_ended"}, {"reports", 7u}});
  });
  EXPECT_THAT(line, testing::StartsWith("{\"time\":\"20"));
  EXPECT_THAT(line, testing::EndsWith("\",\"level\":\"warning\",\"message\":\"it \\\"ended\\\"\","
                                      "\"event\":\"stream_ended\",\"reports\":7}\n"));
}

TEST(LogWith, LeavesTheMessageAloneInText) {
  const std::string line = Logged("text", [] {
    LogWith(spdlog::level::warn, "the stream ended", {{"event", "stream_ended"}});
  });
  EXPECT_THAT(line, testing::EndsWith(" warning the stream ended\n"));
}

TEST(LogWith, GivesItsFieldsToNoOtherLine) {
  const std::string lines = Logged("json", [] {
    LogWith(spdlog::level::info, "first", {{"event", "one"}});
    spdlog::info("second");
  });
  EXPECT_THAT(lines, HasSubstr("\"message\":\"second\"}\n"));
}

TEST(LogWith, WritesToTheLoggerThatItIsGiven) {
  const std::string line = Logged("json", [] {
    const auto other = spdlog::default_logger()->clone("other");
    other->set_level(spdlog::level::trace);
    LogWith(*other, spdlog::level::debug, "heard", {{"n", 1}});
    LogWith(spdlog::level::debug, "unheard", {{"n", 2}});
  });
  EXPECT_THAT(line, HasSubstr("\"heard\",\"n\":1}"));
  EXPECT_THAT(line, testing::Not(HasSubstr("unheard")));
}

}  // namespace
}  // namespace fleetmeter
