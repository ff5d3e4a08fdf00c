// Who may speak for a source, and how much a source and all sources of an identity may hold.
#include "daemon/accounting/source_admission.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

const std::string kHostA = "spiffe://example.org/host/a";
const std::string kHostB = "spiffe://example.org/host/b";

// The plan of fleet_builder.h declares 300 chips of "half" and 50 of "triple".
class SourceAdmissionTest : public testing::Test {
 protected:
  static constexpr SourceLimits kLimits = {
      .max_chips_per_source = 4'096, .supply_factor = 2, .max_sources_per_identity = 3};

  static UsageReport Lists(const std::string& source, int64_t chips,
                           const std::string& kind = "half") {
    return Report(source, 0, {Free(kind, chips, ChipState::kUnassigned)});
  }
  // The report of an identity is counted and committed.
  void Apply(const std::string& identity, const UsageReport& report) {
    const AdmissionContext context = {.reference = *reference_,
                                      .limits = {INT64_MAX / 4, INT64_MAX / 4, 0, 0},
                                      .now = {now_, now_, false},
                                      .windows = fleet_.Windows(report.source)};
    LedgerEntry entry =
        CountReport({}, {.sequence = 1, .digest = 0, .report = report, .rejection = {}}, context);
    entry.new_owner = identity;
    fleet_.Apply(entry, now_);
  }
  std::optional<Rejection> Check(const std::string& identity, const UsageReport& report,
                                 SourceClaim claim = SourceClaim::kFirstUse) const {
    return SourceAdmission(kLimits).CheckHoldings({identity, claim}, report, plan(), fleet_);
  }
  const Plan& plan() const { return reference_->plans[0]; }

  const std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  const int64_t now_ = kStart + kWindow;
  FleetState fleet_{{.silent_after_nanos = 60 * kNanosPerSecond,
                     .forget_after_nanos = 600 * kNanosPerSecond,
                     .keep_windows_nanos = 6'000 * kNanosPerSecond,
                     .idle_below = 0.05}};
};

TEST_F(SourceAdmissionTest, ASourceBelongsToWhoReportedItFirst) {
  const SourceAdmission admission(kLimits);
  EXPECT_EQ(admission.CheckOwner({kHostB, SourceClaim::kFirstUse}, "b", fleet_), std::nullopt);
  Apply(kHostB, Lists("b", 8));
  EXPECT_EQ(fleet_.OwnerOf("b"), kHostB);
  EXPECT_EQ(admission.CheckOwner({kHostB, SourceClaim::kFirstUse}, "b", fleet_), std::nullopt);
  const auto foreign = admission.CheckOwner({kHostA, SourceClaim::kFirstUse}, "b", fleet_);
  ASSERT_TRUE(foreign.has_value());
  EXPECT_EQ(foreign->reason, RejectReason::kForeignSource);
  EXPECT_EQ(foreign->field, "source");
  EXPECT_THAT(foreign->detail, HasSubstr("fleetmeterctl source move"));
  EXPECT_THAT(foreign->detail, testing::Not(HasSubstr(kHostB))) << "it tells no stranger whose";
}

TEST_F(SourceAdmissionTest, ARuleDecidesBeforeTheFirstUse) {
  Apply(kHostB, Lists("b", 8));
  SourceAdmission admission(kLimits);
  EXPECT_EQ(admission.CheckOwner({kHostA, SourceClaim::kByRule}, "b", fleet_), std::nullopt);
  EXPECT_EQ(admission.Count({kHostA, SourceClaim::kByRule}, Lists("b", 8), fleet_), kHostA);
  const auto forbidden = admission.CheckOwner({kHostA, SourceClaim::kForbidden}, "new", fleet_);
  ASSERT_TRUE(forbidden.has_value());
  EXPECT_EQ(forbidden->reason, RejectReason::kForeignSource);
}

TEST_F(SourceAdmissionTest, SendersThatCannotBeToldApartOwnNothing) {
  Apply(kHostB, Lists("b", 8));
  SourceAdmission admission(kLimits);
  EXPECT_EQ(admission.CheckOwner({"local", SourceClaim::kUnchecked}, "b", fleet_), std::nullopt);
  EXPECT_EQ(admission.Count({"local", SourceClaim::kUnchecked}, Lists("new", 8), fleet_), "");
}

TEST_F(SourceAdmissionTest, TwoIdentitiesInOneTransactionDoNotShareANewSource) {
  SourceAdmission admission(kLimits);
  EXPECT_EQ(admission.Count({kHostA, SourceClaim::kFirstUse}, Lists("x", 1), fleet_), kHostA);
  EXPECT_EQ(admission.Count({kHostA, SourceClaim::kFirstUse}, Lists("x", 1), fleet_), "");
  EXPECT_TRUE(admission.CheckOwner({kHostB, SourceClaim::kFirstUse}, "x", fleet_).has_value());
}

TEST_F(SourceAdmissionTest, RefusesAReportThatInventsMillionsOfChips) {
  for (const SourceClaim claim : {SourceClaim::kUnchecked, SourceClaim::kFirstUse}) {
    const auto refused = Check(kHostA, Lists("made-up", 9'999'999), claim);
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->reason, RejectReason::kTooManyChips);
    EXPECT_THAT(refused->detail, HasSubstr("9999999 chips"));
    EXPECT_THAT(refused->detail, HasSubstr("ingest.max_chips_per_source"));
  }
}

TEST_F(SourceAdmissionTest, CountsTheChipsOfAllGroupsAndKinds) {
  const auto with = [](int64_t more) {
    return Report("h", 0,
                  {Free("half", 4'000, ChipState::kReserved),
                   Free("triple", 96 + more, ChipState::kUnhealthy)});
  };
  EXPECT_EQ(Check("local", with(0), SourceClaim::kUnchecked), std::nullopt);
  EXPECT_TRUE(Check("local", with(1), SourceClaim::kUnchecked).has_value());
}

TEST_F(SourceAdmissionTest, TakesWhatASourceHeldBeforeTheLimitWasLowered) {
  Apply("", Lists("cluster", 10'000));
  EXPECT_EQ(Check("local", Lists("cluster", 10'000), SourceClaim::kUnchecked), std::nullopt);
  EXPECT_TRUE(Check("local", Lists("cluster", 10'001), SourceClaim::kUnchecked).has_value());
}

TEST_F(SourceAdmissionTest, AnHonestGrowthIsTaken) {
  Apply(kHostA, Lists("a", 8));
  EXPECT_EQ(Check(kHostA, Lists("a", 16)), std::nullopt);
  EXPECT_EQ(Check(kHostA, Lists("a", 600)), std::nullopt) << "twice what the plan declares";
  EXPECT_EQ(Check(kHostA, Lists("a", 256, "triple")), std::nullopt)
      << "a few chips of a kind need no declaration";
}

TEST_F(SourceAdmissionTest, ManySourcesOfOneIdentityHoldNoMoreThanOneMay) {
  Apply(kHostA, Lists("a1", 400));
  EXPECT_EQ(Check(kHostA, Lists("a2", 200)), std::nullopt);
  const auto refused = Check(kHostA, Lists("a2", 201));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->reason, RejectReason::kTooManyChips);
  EXPECT_THAT(refused->detail, HasSubstr("the plan declares 300; expected at most 600"));
  // What one identity has used up is not used up for another.
  EXPECT_EQ(Check(kHostB, Lists("b", 600)), std::nullopt);
  EXPECT_EQ(Check("local", Lists("b", 4'000), SourceClaim::kUnchecked), std::nullopt);
}

// What is remembered of a source costs memory, whatever its chips are.
TEST_F(SourceAdmissionTest, SourcesOfACrumbCountAsSourcesOfAChip) {
  int taken = 0;
  for (; taken < 1'000; ++taken) {
    UsageReport crumb = Lists("crumb-" + std::to_string(taken), 1, "triple");
    crumb.groups[0].chip_nanos /= 1'000'000;
    const auto rejection =
        SourceAdmission({.supply_factor = 2})
            .CheckHoldings({kHostA, SourceClaim::kFirstUse}, crumb, plan(), fleet_);
    if (rejection) break;
    Apply(kHostA, crumb);
  }
  EXPECT_EQ(taken, SourceAdmission::kUndeclaredChips);
}

TEST_F(SourceAdmissionTest, AChipIsNotInHundredsOfPlaces) {
  UsageReport crumbs = Lists("a", 1);
  crumbs.groups[0].chip_nanos /= 1'000;
  crumbs.groups.resize(65, crumbs.groups[0]);
  EXPECT_EQ(Check(kHostA, crumbs), std::nullopt) << "they are in one place";
  for (size_t i = 0; i < crumbs.groups.size(); ++i) {
    crumbs.groups[i].signal = "signal-" + std::to_string(i);
  }
  const auto rejection = Check(kHostA, crumbs);
  ASSERT_TRUE(rejection.has_value());
  EXPECT_EQ(rejection->reason, RejectReason::kBadMeasure);
  EXPECT_THAT(rejection->detail, HasSubstr("in 65 places"));
  crumbs.groups.pop_back();
  EXPECT_EQ(Check(kHostA, crumbs), std::nullopt);
}

TEST_F(SourceAdmissionTest, SourcesOfOneTransactionCountTogether) {
  SourceAdmission admission(kLimits);
  const SourceAdmission::Speaker speaker{kHostA, SourceClaim::kFirstUse};
  const auto check = [&](const UsageReport& report) {
    return admission.CheckHoldings(speaker, report, plan(), fleet_);
  };
  for (int i = 0; i < 3; ++i) {  // a backlog: the same chips each time
    ASSERT_EQ(check(Lists("a1", 400)), std::nullopt);
    admission.Count(speaker, Lists("a1", 400), fleet_);
  }
  EXPECT_EQ(check(Lists("a2", 200)), std::nullopt);
  EXPECT_TRUE(check(Lists("a2", 201)).has_value());
}

TEST_F(SourceAdmissionTest, ChipsThatAreNoLongerListedStillCount) {
  Apply(kHostA, Lists("a1", 600));
  UsageReport empty = Report("a1", 1, {});
  Apply("", empty);
  EXPECT_TRUE(Check(kHostA, Lists("a2", 1)).has_value());
  EXPECT_EQ(Check(kHostA, Lists("a1", 600)), std::nullopt) << "they may be listed again";
}

TEST_F(SourceAdmissionTest, HostsThatAreUnaccountedForLeaveRoomForThoseOfToday) {
  Apply(kHostA, Lists("a1", 600));
  EXPECT_TRUE(Check(kHostA, Lists("a2", 600)).has_value());
  fleet_.Advance(reference_, now_ + 601 * kNanosPerSecond, 601 * kNanosPerSecond);
  EXPECT_EQ(Check(kHostA, Lists("a2", 600)), std::nullopt);
}

TEST_F(SourceAdmissionTest, ASourceThatMovesTakesItsChipsAlong) {
  Apply(kHostA, Lists("a1", 600));
  fleet_.SetOwner("a1", kHostB);
  EXPECT_EQ(fleet_.MicroChipsOf(kHostA, "half"), 0);
  EXPECT_EQ(fleet_.MicroChipsOf(kHostB, "half"), 600 * kMicroChipsPerChip);
  EXPECT_EQ(fleet_.owners().SourcesOf(kHostA), 0);
  EXPECT_EQ(fleet_.owners().SourcesOf(kHostB), 1);
}

TEST_F(SourceAdmissionTest, AnIdentityHasSoManySourcesAndNoMore) {
  for (const char* source : {"a1", "a2", "a3"}) Apply(kHostA, Lists(source, 1));
  const auto refused = Check(kHostA, Lists("a4", 1));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->reason, RejectReason::kTooManySources);
  EXPECT_EQ(Check(kHostA, Lists("a3", 2)), std::nullopt);
  EXPECT_EQ(Check(kHostB, Lists("b1", 1)), std::nullopt);
  // Sources that are renamed are one.
  fleet_.Rename("a3", "a2", now_);
  EXPECT_EQ(Check(kHostA, Lists("a4", 1)), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter
