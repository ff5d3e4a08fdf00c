// How times, amounts and fits of requests for capacity are written.
#include "daemon/ctl/print/capacity_text.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/unit/ctl/print/capacity_requests.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(CapacityTextTest, WritesTimesAndAmounts) {
  EXPECT_EQ(HourText(kFirstDay + 9 * kAnHour), "2026-12-01 09:00Z");
  EXPECT_EQ(HoursText(336), "14 d");
  EXPECT_EQ(HoursText(30), "1 d 6 h");
  EXPECT_EQ(HoursText(6), "6 h");
  EXPECT_EQ(UsdOfMicroUsd(1'500'000'000'000), "$1,500,000");
  EXPECT_EQ(UsdOfMicroUsd(-1'500'000), "-$1.50");
  EXPECT_EQ(ChipsText(GrantedRequest()), "8 of 16 b200");
}

TEST(CapacityTextTest, SaysWhenItFits) {
  v1::CapacityFit fit;
  fit.set_missing_micro_h100e(12'000'000);
  fit.set_fits_micro_h100e(36'000'000);
  EXPECT_EQ(FitText(fit),
            "no: 12.0 H100e are missing, 36.0 fit at the time that is asked for. It fits at no "
            "time within a year.");
  fit.set_from_unix_seconds(kFirstDay);
  fit.set_until_unix_seconds(kFirstDay + 24 * kAnHour);
  v1::DisplacedRequest& displaced = *fit.add_displaces();
  displaced.set_request_id("sweep");
  v1::CapacityLender& lender = *fit.add_lenders();
  lender.set_pool(kHostile);
  lender.set_micro_h100e(24'000'000);
  EXPECT_THAT(FitText(fit),
              AllOf(HasSubstr("It fits from 2026-12-01 00:00Z until 2026-12-02 00:00Z"),
                    HasSubstr("\nIt would take the place of sweep (undecided)."),
                    HasSubstr("could lend: \\x1b[2Jgo\\x07 それ \\u202e=1+1 (24.0 H100e).")));
}

TEST(CapacityTextTest, SaysWhoDecidesAboutWhatIsBeyond) {
  v1::CapacityFit fit;
  fit.set_decided_by("capacity_team");
  fit.set_fits(true);
  fit.add_needs("roi");
  fit.add_needs("trade_off");
  EXPECT_THAT(FitText(fit),
              AllOf(testing::StartsWith("if the capacity team grants it."),
                    HasSubstr("the capacity team decides, between pools. It needs an ROI "
                              "(--roi-...) and the trade-off (--trade-off).")));
  fit.set_decided_by("owner");
  fit.set_fits(false);
  fit.mutable_beyond()->set_fits(true);
  fit.mutable_beyond()->add_displaces()->set_request_id("sweep");
  EXPECT_THAT(FitText(fit),
              AllOf(testing::StartsWith("no: "), HasSubstr("Beyond the allocation it would fit"),
                    HasSubstr("It would take the place of sweep (undecided).")));
  fit.mutable_beyond()->set_fits(false);
  fit.mutable_beyond()->set_missing_micro_h100e(2'000'000);
  EXPECT_THAT(FitText(fit), HasSubstr("it does not fit either: 2.0 H100e are missing."));
}

TEST(CapacityTextTest, GoesOnBelowTheLabel) {
  EXPECT_EQ(LabelledText("note", "one\n\ntwo"), "note       one\n\n           two\n");
  EXPECT_EQ(LabelledText("note", ""), "");
  EXPECT_LE(WidestLine(LabelledText("note", std::string(300, 'a') + " b")), 311u);
}

}  // namespace
}  // namespace fleetmeter::ctl
