// A source belongs to one identity: through the writer, over a restart, and by what people decide.
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kOwner[] = "spiffe://example.org/host/b";
constexpr char kStranger[] = "spiffe://example.org/host/m";

class SourceOwnerTest : public WriterTest {
 protected:
  SourceOwnerTest() { clock_.Pass(100 * kWindow); }

  SubmitResult SendReport(const std::string& identity, SequencedReport report,
                          SourceClaim claim = SourceClaim::kFirstUse, bool can_defer = false) {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {identity, "stream"};
    report.sequence = ++sequences_[identity];
    report.digest = report.sequence;
    submission.reports.push_back(std::move(report));
    submission.claims.all = claim;
    submission.can_defer = can_defer;
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    SubmitResult result = promise->get_future().get();
    if (!result.status.ok()) --sequences_[identity];
    return result;
  }
  // A window of ten chips of pool alpha, or of none.
  SubmitResult Send(const std::string& identity, const std::string& source, int64_t index,
                    int64_t chips = 10, SourceClaim claim = SourceClaim::kFirstUse) {
    std::vector<UsageGroup> groups;
    if (chips > 0) groups.push_back(Assigned("half", chips, "alpha", 1));
    return SendReport(identity, Numbered(0, Report(source, index, std::move(groups))), claim);
  }
  static std::string ReasonOf(const SubmitResult& result) {
    return result.dispositions.empty() ? ""
                                       : std::string(Name(result.dispositions[0].rejection.reason));
  }
  AdminAnswer Ask(AdminAction action, const std::string& source, const std::string& to = "") {
    AdminOrder order;
    order.action = action;
    order.identity = "spiffe://example.org/ops/ada";
    order.reason = "new certificate";
    order.source = source;
    (action == AdminAction::kMove ? order.new_owner : order.new_source) = to;
    auto promise = std::make_shared<std::promise<AdminAnswer>>();
    Submission submission;
    submission.order = std::move(order);
    submission.order_done = [promise](const AdminAnswer& answer) { promise->set_value(answer); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }
  Writer::NamedSource Find(const std::string& source) const {
    for (Writer::NamedSource& named : writer_->Sources()) {
      if (named.facts.source == source) return named;
    }
    return {};
  }
  void Silence() {
    clock_.Pass(7'200 * kNanosPerSecond + kWindow);
    // The writer lets time pass after what it is given, and before what comes next.
    Submit({}, "nobody").get();
    Submit({}, "nobody").get();
  }
  // The index of a window that ends now.
  int64_t Now() { return (clock_.UnixNanos() - kStart) / kWindow - 1; }

  std::map<std::string, uint64_t> sequences_;
};

TEST_F(SourceOwnerTest, AnEmptyWindowOfAnotherIdentityMakesNoChipsVanish) {
  StartWriter();
  ASSERT_THAT(Send(kOwner, "host-b", Now() - 2).dispositions, IsEmpty());
  EXPECT_EQ(ledger_.last().counted.at(0).new_owner, kOwner);
  const SubmitResult refused = Send(kStranger, "host-b", Now() - 1, 0);
  EXPECT_EQ(ReasonOf(refused), "foreign_source");
  EXPECT_EQ(refused.acknowledged_through, 1U) << "its own stream goes on";
  EXPECT_EQ(probe_.rejected, 1);
  const Writer::NamedSource source = Find("host-b");
  EXPECT_EQ(source.facts.owner, kOwner);
  EXPECT_EQ(source.facts.micro_chips, 10 * kMicroChipsPerChip);
  EXPECT_EQ(source.facts.unlisted_micro_chips, 0);
  EXPECT_EQ(source.facts.state, SourceState::kLive);
  ASSERT_TRUE(source.foreign.has_value());
  EXPECT_EQ(source.foreign->identity, kStranger);
  EXPECT_EQ(source.foreign->reports, 1U);
  EXPECT_EQ(source.foreign->latest_unix_nanos, clock_.UnixNanos());
  // The time is still the owner's to report.
  EXPECT_THAT(Send(kOwner, "host-b", Now() - 1).dispositions, IsEmpty());
  EXPECT_EQ(ledger_.last().counted.at(0).new_owner, "") << "nothing changes";
}

TEST_F(SourceOwnerTest, WhatAnotherIdentitySendsDoesNotCountAgainstTheSource) {
  StartWriter();
  ASSERT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
  SequencedReport wrong = Numbered(0, Report("host-b", Now() + 1, {}));
  wrong.rejection = Rejection{RejectReason::kMalformed, "groups", "wrong in itself"};
  EXPECT_EQ(ReasonOf(SendReport(kStranger, wrong)), "foreign_source");
  clock_.Pass(3'600 * kNanosPerSecond + kWindow);
  Submit({}, "nobody").get();
  Submit({}, "nobody").get();
  EXPECT_EQ(Find("host-b").facts.state, SourceState::kSilent) << "and not rejected";
}

TEST_F(SourceOwnerTest, AReportThatIsRejectedBindsNothing) {
  StartWriter();
  UsageReport wrong = Report("host-b", Now(), {});
  wrong.window_length_nanos = limits_.max_length_nanos + 1;
  EXPECT_EQ(ReasonOf(SendReport(kStranger, Numbered(0, wrong))), "bad_window");
  EXPECT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
  EXPECT_EQ(Find("host-b").facts.owner, kOwner);
}

TEST_F(SourceOwnerTest, ATransactionThatFailsBindsNothing) {
  StartWriter();
  ledger_.Fail(absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(Send(kStranger, "host-b", Now()).status.ok());
  ledger_.Fail(absl::OkStatus());
  EXPECT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
  EXPECT_EQ(Find("host-b").facts.owner, kOwner);
}

TEST_F(SourceOwnerTest, ARestartKeepsWhoseASourceIs) {
  SourceRecord record;
  record.source = "host-b";
  record.windows = WindowSet({kStart, kStart + kWindow}, {});
  record.owner = kOwner;
  ledger_.restored.sources = {record};
  StartWriter();
  EXPECT_EQ(ReasonOf(Send(kStranger, "host-b", Now() - 1)), "foreign_source");
  EXPECT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
}

TEST_F(SourceOwnerTest, ASourceOfBeforeBelongsToWhoReportsItNext) {
  SourceRecord record;
  record.source = "host-b";
  record.windows = WindowSet({kStart, kStart + kWindow}, {});
  ledger_.restored.sources = {record};
  StartWriter();
  EXPECT_THAT(Send(kOwner, "host-b", Now() - 1).dispositions, IsEmpty());
  EXPECT_EQ(ReasonOf(Send(kStranger, "host-b", Now())), "foreign_source");
}

TEST_F(SourceOwnerTest, AnAdministratorMovesASource) {
  StartWriter();
  ASSERT_THAT(Send(kOwner, "host-b", Now() - 3).dispositions, IsEmpty());
  ASSERT_EQ(ReasonOf(Send(kStranger, "host-b", Now() - 2)), "foreign_source");
  const AdminAnswer moved = Ask(AdminAction::kMove, "host-b", kStranger);
  ASSERT_TRUE(moved.status.ok()) << moved.status;
  EXPECT_FALSE(moved.nothing_to_do);
  EXPECT_EQ(moved.entry.number, 1);
  EXPECT_EQ(moved.entry.new_owner, kStranger);
  ASSERT_THAT(ledger_.last().entries, SizeIs(1));
  EXPECT_EQ(ledger_.last().entries[0].reason, "new certificate");
  EXPECT_EQ(Find("host-b").facts.owner, kStranger);
  EXPECT_FALSE(Find("host-b").foreign.has_value()) << "it was settled";
  EXPECT_THAT(Send(kStranger, "host-b", Now() - 1).dispositions, IsEmpty());
  EXPECT_EQ(ReasonOf(Send(kOwner, "host-b", Now())), "foreign_source");
  const AdminAnswer again = Ask(AdminAction::kMove, "host-b", kStranger);
  EXPECT_TRUE(again.nothing_to_do);
  EXPECT_EQ(again.entry.number, 1);
  EXPECT_EQ(Ask(AdminAction::kMove, "host-c", kOwner).status.code(), absl::StatusCode::kNotFound);
}

// A host with a new certificate loses nothing until somebody has moved its source.
TEST_F(SourceOwnerTest, ASenderThatCanKeepItsReportsHasThemCountedAfterTheMove) {
  StartWriter();
  ASSERT_THAT(Send(kOwner, "host-b", Now() - 5).dispositions, IsEmpty());
  const auto offer = [&](int64_t index) {
    return SendReport(kStranger,
                      Numbered(0, Report("host-b", index, {Assigned("half", 10, "alpha", 1)})),
                      SourceClaim::kFirstUse, /*can_defer=*/true);
  };
  const SubmitResult kept = offer(Now() - 4);
  ASSERT_THAT(kept.dispositions, SizeIs(1));
  EXPECT_EQ(kept.dispositions[0].code, Code::kDeferred);
  EXPECT_EQ(ReasonOf(kept), "foreign_source");
  EXPECT_EQ(kept.dispositions[0].rejection.subject, "whose source 'host-b' is");
  EXPECT_EQ(Find("host-b").facts.state, SourceState::kLive);
  EXPECT_EQ(Find("host-b").foreign->reports, 1U);
  EXPECT_THAT(writer_->Deferred(), IsEmpty()) << "it says nothing of the source";
  // Its answer was lost.
  --sequences_[kStranger];
  EXPECT_EQ(offer(Now() - 4).dispositions.at(0).code, Code::kDeferred);
  // The owner has booked the time of another one meanwhile.
  ASSERT_EQ(offer(Now() - 3).dispositions.at(0).code, Code::kDeferred);
  ASSERT_THAT(Send(kOwner, "host-b", Now() - 3).dispositions, IsEmpty());
  --sequences_[kStranger];
  EXPECT_EQ(offer(Now() - 3).dispositions.at(0).code, Code::kDuplicate);
  ASSERT_TRUE(Ask(AdminAction::kMove, "host-b", kStranger).status.ok());
  EXPECT_THAT(offer(Now() - 4).dispositions, IsEmpty());
  EXPECT_EQ(ReasonOf(offer(Now() - 4)), "window_overlap") << "and not twice";
}

TEST_F(SourceOwnerTest, AForgottenSourceStillBelongsToItsOwner) {
  StartWriter();
  ASSERT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
  Silence();
  ASSERT_TRUE(Ask(AdminAction::kForget, "host-b").status.ok());
  EXPECT_EQ(ReasonOf(Send(kStranger, "host-b", Now() - 1)), "foreign_source");
  EXPECT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
}

TEST_F(SourceOwnerTest, ARenamedSourceBelongsToTheOwnerOfItsNewName) {
  StartWriter();
  ASSERT_THAT(Send(kStranger, "old", Now()).dispositions, IsEmpty());
  Silence();
  ASSERT_THAT(Send(kOwner, "host-b", Now() - 4).dispositions, IsEmpty());
  ASSERT_TRUE(Ask(AdminAction::kRename, "old", "host-b").status.ok());
  EXPECT_EQ(ReasonOf(Send(kStranger, "old", Now() - 3)), "foreign_source");
  EXPECT_THAT(Send(kOwner, "old", Now() - 3).dispositions, IsEmpty());
  // A rule that gives the old name to somebody gives nothing of the new one.
  EXPECT_EQ(ReasonOf(Send(kStranger, "old", Now() - 2, 10, SourceClaim::kByRule)),
            "foreign_source");
}

TEST_F(SourceOwnerTest, ARuleTakesASourceFromWhoHadItFirst) {
  StartWriter();
  ASSERT_THAT(Send(kStranger, "host-b", Now() - 2).dispositions, IsEmpty());
  EXPECT_THAT(Send(kOwner, "host-b", Now() - 1, 10, SourceClaim::kByRule).dispositions, IsEmpty());
  EXPECT_EQ(Find("host-b").facts.owner, kOwner);
  EXPECT_EQ(ReasonOf(Send(kStranger, "host-b", Now())), "foreign_source");
}

TEST_F(SourceOwnerTest, WithoutIdentitiesASourceBelongsToNobody) {
  StartWriter();
  ASSERT_THAT(Send("local", "host-b", Now() - 1, 10, SourceClaim::kUnchecked).dispositions,
              IsEmpty());
  EXPECT_EQ(Find("host-b").facts.owner, "");
  EXPECT_THAT(Send("other", "host-b", Now(), 10, SourceClaim::kUnchecked).dispositions, IsEmpty());
}

TEST_F(SourceOwnerTest, ASourceThatIsGoneForLongIsFreeAgain) {
  StartWriter();
  ASSERT_THAT(Send(kStranger, "host-b", Now(), 0).dispositions, IsEmpty());
  clock_.Pass(9'000 * kNanosPerSecond + kWindow);
  Submit({}, "nobody").get();
  Submit({}, "nobody").get();
  EXPECT_THAT(Send(kOwner, "host-b", Now()).dispositions, IsEmpty());
  EXPECT_EQ(Find("host-b").facts.owner, kOwner);
}

}  // namespace
}  // namespace fleetmeter
