#include "daemon/domain/report/reject_reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace fleetmeter {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(RejectReason, IsFoundByItsName) {
  for (const RejectReason reason : kRejectReasons) {
    EXPECT_EQ(FindRejectReason(Name(reason)), reason) << Name(reason);
  }
  EXPECT_EQ(Name(RejectReason::kWindowOverlap), "window_overlap");
  EXPECT_EQ(Name(RejectReason::kNothingToCorrect), "nothing_to_correct");
}

TEST(RejectReason, OfAnotherVersionIsNotFound) {
  EXPECT_EQ(FindRejectReason("gone_since"), std::nullopt);
  EXPECT_EQ(FindRejectReason(""), std::nullopt);
}

TEST(RejectReason, StandsAtItsIndex) {
  for (size_t i = 0; i < kRejectReasons.size(); ++i) EXPECT_EQ(IndexOf(kRejectReasons[i]), i);
}

TEST(RejectReason, HasARowOnThePage) {
  for (const RejectReason reason : kRejectReasons) {
    EXPECT_THAT(RejectReasonsPage(), HasSubstr("| `" + std::string(Name(reason)) + "` | " +
                                               std::string(Meaning(reason)) + " | "));
  }
}

TEST(RejectReason, SaysWhoCanMendIt) {
  EXPECT_TRUE(CanBeMended(RejectReason::kUnknownPool));
  EXPECT_FALSE(CanBeMended(RejectReason::kMalformed));
  EXPECT_THAT(RejectReasonsPage(), ContainsRegex("\\| `unknown_pool` \\|.* \\| others \\|\n"));
  EXPECT_THAT(RejectReasonsPage(), ContainsRegex("\\| `malformed` \\|.* \\| the sender \\|\n"));
}

TEST(RejectReason, PageIsTheCommittedOne) {
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/dashboards/REASONS.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), RejectReasonsPage()) << "build the target references";
}

}  // namespace
}  // namespace fleetmeter
