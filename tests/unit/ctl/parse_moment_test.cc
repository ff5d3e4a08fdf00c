#include "daemon/ctl/parse_moment.h"

#include "daemon/base/units.h"
#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

constexpr int64_t kEightOnMarch2 = 1'772'438'400;  // 2026-03-02, 08:00 UTC

std::string ErrorOf(const std::string& text) {
  return std::string(ParseMoment(text).status().message());
}

// What the commands print may be given to them again.
TEST(ParseMoment, ReadsTimesThatSayTheirOffset) {
  for (const char* text :
       {"2026-03-02T08:00:00Z", "2026-03-02 08:00:00Z", "2026-03-02T08:00Z", "2026-03-02 08:00Z",
        "2026-03-02T09:00+01:00", "2026-03-02 08:00:00 UTC", "1772438400", "1772438400000"}) {
    EXPECT_EQ(ParseMoment(text).value_or(-1), kEightOnMarch2 * kNanosPerSecond) << text;
  }
  EXPECT_EQ(ParseMoment("2026-03-02").value_or(-1), (kEightOnMarch2 - 8 * 3'600) * kNanosPerSecond);
}

TEST(ParseMoment, SaysWhatIsMissing) {
  EXPECT_EQ(ErrorOf("2026-03-02 08:00"),
            "\"2026-03-02 08:00\" does not say its offset from UTC; expected a time such as "
            "2026-03-02 08:00Z");
  for (const char* text :
       {"", "now", "2026-13-01", "2026-02-29", "2026-03", "03/02/2026", "02.03.2026", "-1"}) {
    EXPECT_THAT(ErrorOf(text), HasSubstr("is not a date such as 2026-01-01")) << text;
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
