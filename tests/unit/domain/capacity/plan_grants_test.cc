// A grant beyond an allocation, at every moment of the plans around it.
#include "daemon/domain/capacity/plan_grants.h"

#include "daemon/base/units.h"
#include "daemon/domain/capacity/commitments.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::plan_grants_testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of 300, 40 more are granted from hour 10 to 15, at about kPresent.
class PlanGrantsTest : public testing::Test {
 protected:
  PlanGrantsTest() { maker_.Submit(Beyond(Chips("more", 40))).Grant("more"); }

  static CapacityForm Chips(const std::string& id, int64_t chips) {
    CapacityForm form = MakeForm(id);
    form.chips = chips;
    return form;
  }

  // As it was, or with so much for `serving`, from an hour on.
  static PlanDocument PlanOf(uint32_t version, double serving, int64_t from_hour = -1'000) {
    PlanDocument plan = MakePlanDocument(version);
    plan.pools[0].allocation = AbsoluteAllocation{serving};
    plan.effective_from_unix_nanos = At(from_hour) * kNanosPerSecond;
    return plan;
  }

  // All that came after the first plan is known since after the grant.
  void Load(const std::vector<PlanDocument>& plans) {
    ReferenceData reference = MakeReference(plans);
    for (Plan& plan : reference.plans) {
      if (plan.version > 3) plan.known_since_unix_nanos = (kPresent + 60) * kNanosPerSecond;
    }
    maker_.Use(std::move(reference));
  }

  // The most that the owner may grant from hour 10 to 15, by trying.
  int64_t MostWithin() const {
    const int64_t fits = maker_.FitOf(Chips("new", 1)).fits_micro_h100e / kMicro;
    for (const int64_t chips : {fits, fits + 1}) {
      if (chips == 0) continue;
      BookMaker tried = maker_;
      tried.Submit(Chips("new", chips));
      const absl::Status status = tried.Decide({Granting("new", chips)}).status;
      EXPECT_EQ(status.ok(), chips == fits) << chips << ": " << status;
    }
    return fits;
  }

  // What stays for the owner in each span.
  std::vector<int64_t> Uncommitted() const {
    std::vector<int64_t> left;
    for (const PoolSpan& span :
         PoolTimeline(maker_.book(), maker_.reference(), "serving", At(8), At(22))) {
      left.push_back(span.uncommitted_micro_h100e / kMicro);
    }
    return left;
  }

  BookMaker maker_;
};

TEST_F(PlanGrantsTest, IsOnTopOfThePlanThatItWasDecidedUnder) {
  EXPECT_EQ(MostWithin(), 300);
  EXPECT_THAT(Uncommitted(), ElementsAre(300, 300, 300));
}

TEST_F(PlanGrantsTest, TakesItsPartOfThePlanThatNamesIt) {
  PlanDocument next = PlanOf(4, 340);
  next.grants = {"more"};
  Load({next});
  EXPECT_EQ(MostWithin(), 300) << "the 40 are not granted twice";
  EXPECT_THAT(Uncommitted(), ElementsAre(340, 300, 340)) << "before it begins and after its end";
  maker_.Submit(Chips("all", 301));
  EXPECT_THAT(std::string(maker_.Decide({Granting("all", 301)}).status.message()),
              AllOf(HasSubstr("those beyond it that the plan has (40 H100e), add up to 341 H100e"),
                    HasSubstr("at most 340 H100e")));
}

TEST_F(PlanGrantsTest, OfAPlanThatNamesNothingIsJudgedSafely) {
  Load({PlanOf(4, 340)});
  EXPECT_EQ(MostWithin(), 300) << "it may have been written for the grant";
  Load({PlanOf(4, 300)});
  EXPECT_EQ(MostWithin(), 260) << "nobody says that it was not";
  PlanDocument none = PlanOf(4, 300);
  none.grants.emplace();
  Load({none});
  EXPECT_EQ(MostWithin(), 300) << "an empty list says so";
}

TEST_F(PlanGrantsTest, OfAPlanThatWasKnownBeforeIsOnTop) {
  Load({MakePlanDocument(3), PlanOf(2, 340, 12)});
  EXPECT_THAT(Uncommitted(), ElementsAre(300, 300, 340, 340));
}

TEST_F(PlanGrantsTest, ChangesWithThePlanThatStartsWhileItLasts) {
  PlanDocument next = PlanOf(4, 340, 12);
  next.grants = {"more"};
  Load({MakePlanDocument(3), next});
  EXPECT_EQ(MostWithin(), 300);
  EXPECT_THAT(Uncommitted(), ElementsAre(300, 300, 300, 340));
}

TEST_F(PlanGrantsTest, IsTakenBackByThePlanAfterThePlan) {
  PlanDocument next = PlanOf(4, 340, 9);
  next.grants = {"more"};
  PlanDocument after = PlanOf(5, 300, 15);
  after.grants.emplace();
  Load({MakePlanDocument(3), next, after});
  EXPECT_EQ(MostWithin(), 300);
  EXPECT_THAT(Uncommitted(), ElementsAre(300, 340, 300, 300));
}

// The allocation of before, under a version of its own.
TEST_F(PlanGrantsTest, IsNotForgottenWhenTheOldAllocationComesBack) {
  PlanDocument next = PlanOf(4, 340);
  next.grants = {"more"};
  Load({next});
  maker_.Submit(Chips("all", 300));
  ASSERT_TRUE(maker_.Decide({Granting("all", 300)}).status.ok());
  Load({PlanOf(5, 300)});
  EXPECT_THAT(Uncommitted(), ElementsAre(300, -40, 300)) << "it is promised, and not there";
  maker_.Submit(Chips("one", 1));
  EXPECT_FALSE(maker_.Decide({Granting("one", 1)}).status.ok());
}

// The category has 400, and its pools are allocated 350: 50 are left, of which 40 are granted.
TEST_F(PlanGrantsTest, LeavesTheCommitteeTheSameBeforeAndAfterThePlan) {
  EXPECT_EQ(maker_.FitOf(Beyond(Chips("new", 50))).fits_micro_h100e, 10 * kMicro);
  PlanDocument next = PlanOf(4, 340);
  next.grants = {"more"};
  Load({next});
  EXPECT_EQ(maker_.FitOf(Beyond(Chips("new", 50))).fits_micro_h100e, 10 * kMicro);
}

TEST_F(PlanGrantsTest, SaysWhatIsOddAboutTheNames) {
  maker_.Submit(Chips("within", 5)).Grant("within").Submit(Chips("open", 5));
  PlanDocument next = PlanOf(4, 340);
  next.grants = {"more", "within", "open", "gone"};
  Load({next});
  const auto doubts = [&] {
    return DoubtsOfGrants(maker_.reference().plans.back(), maker_.book(), kPresent);
  };
  EXPECT_THAT(doubts(), ElementsAre(HasSubstr("the grant \"gone\", which is unknown"),
                                    HasSubstr("the grant \"open\", which is unknown"),
                                    HasSubstr("'within', which is within the allocation")));
  Load({PlanOf(4, 340)});
  EXPECT_THAT(doubts(), ElementsAre(AllOf(HasSubstr("does not say which grants"),
                                          HasSubstr("more; expected a list"))));
  Load({PlanOf(3, 300)});
  EXPECT_THAT(doubts(), IsEmpty());
}

}  // namespace
}  // namespace fleetmeter::capacity::plan_grants_testing
