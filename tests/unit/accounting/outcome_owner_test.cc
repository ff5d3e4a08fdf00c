// A source of outcomes belongs to one identity, as one of usage does; and outcomes that somebody
// else can mend are deferred.
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr char kGateway[] = "spiffe://example.org/gateway";
constexpr char kIntruder[] = "spiffe://example.org/intruder";

class OutcomeOwnerTest : public WriterTest {
 protected:
  // What a model served on a day, counted back from the start of the test.
  static OutcomeReport ServedOn(int days_ago, const std::string& pool = "") {
    OutcomeReport report;
    report.kind = OutcomeKind::kInference;
    report.source = "billing";
    report.window_start_unix_nanos = kStart - days_ago * kDay;
    report.window_length_nanos = kDay;
    report.inference.push_back(
        {.model = "m", .customer_tier = "t", .requests = 3, .revenue_micro_usd = 0, .pool = pool});
    return report;
  }
  SubmitResult Send(const std::string& identity, OutcomeReport report,
                    SourceClaim claim = SourceClaim::kFirstUse, bool can_defer = false) {
    const StreamKey stream{identity, "stream"};
    return SendAs(writer_->NextSequence(stream), identity, std::move(report), claim, can_defer);
  }
  SubmitResult SendAs(uint64_t sequence, const std::string& identity, OutcomeReport report,
                      SourceClaim claim = SourceClaim::kFirstUse, bool can_defer = false) {
    return Queue(identity, std::move(report), sequence, claim, can_defer).get();
  }
  std::future<SubmitResult> Queue(const std::string& identity, OutcomeReport report,
                                  uint64_t sequence = 1, SourceClaim claim = SourceClaim::kFirstUse,
                                  bool can_defer = false) {
    SequencedReport numbered;
    numbered.sequence = numbered.digest = sequence;
    numbered.outcome = std::move(report);
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {identity, "stream"};
    submission.can_defer = can_defer;
    submission.reports.push_back(std::move(numbered));
    submission.claims.all = claim;
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future();
  }
  SubmitResult Offer(const std::string& identity, OutcomeReport report) {
    return Send(identity, std::move(report), SourceClaim::kFirstUse, /*can_defer=*/true);
  }
  static std::string WhyNot(const SubmitResult& result) {
    if (result.dispositions.empty()) return "counted";
    const ReportDisposition& said = result.dispositions[0];
    const std::string reason(Name(said.rejection.reason));
    return said.code == Code::kDeferred ? "deferred: " + reason : reason;
  }
  AdminAnswer Move(const std::string& identity, const std::string& source = "billing") {
    auto promise = std::make_shared<std::promise<AdminAnswer>>();
    Submission submission;
    submission.order.emplace();
    submission.order->action = AdminAction::kMove;
    submission.order->identity = "spiffe://example.org/ops/ada";
    submission.order->reason = "a new gateway";
    submission.order->source = source;
    submission.order->new_owner = identity;
    submission.order_done = [promise](const AdminAnswer& answer) { promise->set_value(answer); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }
  Writer::NamedSource Billing() const {
    for (Writer::NamedSource& named : writer_->Sources()) {
      if (named.facts.state == SourceState::kOutcomes) return named;
    }
    return {};
  }
  int64_t Requests() const {
    int64_t requests = 0;
    for (const SegmentTotal& total : writer_->TakeSegmentTotals()) {
      requests += total.reported.requests + total.corrected.requests;
    }
    return requests;
  }
};

TEST_F(OutcomeOwnerTest, ReportsAndCorrectionsOfAnotherIdentityAreRejected) {
  StartWriter();
  ASSERT_THAT(Send(kGateway, ServedOn(3)).dispositions, IsEmpty());
  EXPECT_EQ(ledger_.last().outcomes.at(0).new_owner, kGateway);
  EXPECT_EQ(WhyNot(Send(kIntruder, ServedOn(2))), "foreign_source");
  OutcomeReport correction = ServedOn(3);
  correction.correction = CorrectionNote{"1", "not so many"};
  correction.inference[0].requests = -3;
  EXPECT_EQ(WhyNot(Send(kIntruder, correction)), "foreign_source");
  OutcomeReport training = ServedOn(2);
  training.kind = OutcomeKind::kTraining;
  training.inference.clear();
  EXPECT_EQ(WhyNot(Send(kIntruder, training)), "foreign_source") << "of whatever kind";
  EXPECT_EQ(Requests(), 3);
  const Writer::NamedSource billing = Billing();
  EXPECT_EQ(billing.facts.source, "billing");
  EXPECT_EQ(billing.facts.owner, kGateway);
  EXPECT_EQ(billing.facts.counted_to_unix_nanos, kStart - 2 * kDay);
  ASSERT_TRUE(billing.foreign.has_value());
  EXPECT_EQ(billing.foreign->identity, kIntruder);
  EXPECT_EQ(billing.foreign->reports, 3U);
  EXPECT_THAT(writer_->Sources(), SizeIs(1)) << "it is no host whose reports are rejected";
  EXPECT_THAT(Send(kGateway, ServedOn(2)).dispositions, IsEmpty()) << "the time is its own";
  EXPECT_EQ(ledger_.last().outcomes.at(0).new_owner, "") << "nothing changes";
  EXPECT_THAT(Send(kGateway, correction).dispositions, IsEmpty());
}

TEST_F(OutcomeOwnerTest, WithinATransactionTheFirstOneHasIt) {
  StartWriter();
  ledger_.Hold(true);
  // The writer is in a commit, so that both come in the next.
  auto before = Submit({Good(1)});
  ledger_.AwaitCommit();
  auto first = Queue(kGateway, ServedOn(3));
  auto second = Queue(kIntruder, ServedOn(2));
  ledger_.Hold(false);
  EXPECT_TRUE(before.get().status.ok());
  EXPECT_EQ(WhyNot(first.get()), "counted");
  EXPECT_EQ(WhyNot(second.get()), "foreign_source");
  EXPECT_THAT(ledger_.last().outcomes, SizeIs(1)) << "they came together";
  EXPECT_THAT(ledger_.last().rejected, SizeIs(1));
}

TEST_F(OutcomeOwnerTest, ATransactionThatFailsBindsNothing) {
  StartWriter();
  ledger_.Fail(absl::ResourceExhaustedError("disk full"));
  EXPECT_FALSE(Send(kIntruder, ServedOn(3)).status.ok());
  ledger_.Fail(absl::OkStatus());
  EXPECT_THAT(Send(kGateway, ServedOn(3)).dispositions, IsEmpty());
}

TEST_F(OutcomeOwnerTest, ARestartKeepsWhoseASourceIs) {
  const WindowSet windows({kStart - 9 * kDay, kStart - 8 * kDay}, {});
  ledger_.restored.outcomes.sources = {{OutcomeKind::kInference, "billing", windows, kGateway},
                                       {OutcomeKind::kBenchmarks, "billing", {}, ""},
                                       {OutcomeKind::kInference, "old", windows, ""}};
  StartWriter();
  EXPECT_EQ(WhyNot(Send(kIntruder, ServedOn(3))), "foreign_source");
  EXPECT_THAT(Send(kGateway, ServedOn(3)).dispositions, IsEmpty());
  OutcomeReport of_before = ServedOn(3);
  of_before.source = "old";
  EXPECT_THAT(Send(kIntruder, of_before).dispositions, IsEmpty())
      << "a source of before belongs to whoever reports it next";
}

TEST_F(OutcomeOwnerTest, RulesDecideBeforeTheFirstUse) {
  StartWriter();
  ASSERT_THAT(Send(kIntruder, ServedOn(4)).dispositions, IsEmpty());
  EXPECT_THAT(Send(kGateway, ServedOn(3), SourceClaim::kByRule).dispositions, IsEmpty());
  EXPECT_EQ(Billing().facts.owner, kGateway);
  EXPECT_EQ(WhyNot(Send(kIntruder, ServedOn(2))), "foreign_source");
  EXPECT_EQ(WhyNot(Send(kGateway, ServedOn(2), SourceClaim::kForbidden)), "foreign_source");
}

TEST_F(OutcomeOwnerTest, WithoutIdentitiesASourceBelongsToNobody) {
  StartWriter();
  ASSERT_THAT(Send("local", ServedOn(3), SourceClaim::kUnchecked).dispositions, IsEmpty());
  EXPECT_EQ(Billing().facts.owner, "");
  EXPECT_THAT(Send("other", ServedOn(2), SourceClaim::kUnchecked).dispositions, IsEmpty());
}

TEST_F(OutcomeOwnerTest, AnAdministratorMovesASource) {
  StartWriter();
  ASSERT_THAT(Send(kGateway, ServedOn(4)).dispositions, IsEmpty());
  ASSERT_EQ(WhyNot(Send(kIntruder, ServedOn(3))), "foreign_source");
  const AdminAnswer moved = Move(kIntruder);
  ASSERT_TRUE(moved.status.ok()) << moved.status;
  EXPECT_EQ(moved.entry.number, 1);
  EXPECT_EQ(moved.entry.new_owner, kIntruder);
  EXPECT_FALSE(Billing().foreign.has_value()) << "it was settled";
  EXPECT_THAT(Send(kIntruder, ServedOn(3)).dispositions, IsEmpty());
  EXPECT_EQ(WhyNot(Send(kGateway, ServedOn(2))), "foreign_source");
  EXPECT_TRUE(Move(kIntruder).nothing_to_do);
  EXPECT_EQ(Move(kGateway, "nobody").status.code(), absl::StatusCode::kNotFound);
}

// A host and a gateway of one name: an administrator gives the name, and not one of them.
TEST_F(OutcomeOwnerTest, AMoveIsOfAllThatReportsUnderTheName) {
  StartWriter();
  clock_.Pass(100 * kWindow);
  auto promise = std::make_shared<std::promise<SubmitResult>>();
  Submission submission;
  submission.stream = {kIntruder, "usage"};
  submission.claims.all = SourceClaim::kFirstUse;
  submission.reports.push_back(
      Numbered(1, Report("billing", 1, {Assigned("half", 1, "alpha", 1)})));
  submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
  ASSERT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
  ASSERT_THAT(promise->get_future().get().dispositions, IsEmpty());
  ASSERT_THAT(Send(kGateway, ServedOn(3)).dispositions, IsEmpty());
  EXPECT_FALSE(Move(kGateway).nothing_to_do) << "the host is another one's";
  for (const Writer::NamedSource& source : writer_->Sources()) {
    EXPECT_EQ(source.facts.owner, kGateway);
  }
}

TEST_F(OutcomeOwnerTest, AForeignReportIsKeptByASenderThatCanAndCountedAfterTheMove) {
  StartWriter();
  ASSERT_THAT(Send(kGateway, ServedOn(4)).dispositions, IsEmpty());
  EXPECT_EQ(WhyNot(Offer(kIntruder, ServedOn(3))), "deferred: foreign_source");
  EXPECT_EQ(ledger_.last().deferred.at(0).identity, kIntruder);
  EXPECT_TRUE(ledger_.last().deferred.at(0).outcome);
  EXPECT_EQ(Billing().foreign->reports, 1U);
  EXPECT_THAT(writer_->Deferred(), IsEmpty()) << "it says nothing of the source";
  ASSERT_TRUE(Move(kIntruder).status.ok());
  EXPECT_THAT(Offer(kIntruder, ServedOn(3)).dispositions, IsEmpty());
  EXPECT_EQ(Requests(), 6);
}

TEST_F(OutcomeOwnerTest, AnUnknownPoolIsDeferredAndCountedOnce) {
  StartWriter();
  const SubmitResult deferred = Offer(kGateway, ServedOn(3, "delta"));
  EXPECT_EQ(WhyNot(deferred), "deferred: unknown_pool");
  EXPECT_EQ(deferred.acknowledged_through, 1U) << "the stream goes on";
  ASSERT_THAT(writer_->Deferred(), SizeIs(1));
  EXPECT_THAT(writer_->Sources(), IsEmpty()) << "nothing of it is booked, and it is no host";
  // The answer was lost: it comes under its old sequence.
  EXPECT_EQ(WhyNot(SendAs(1, kGateway, ServedOn(3, "delta"), SourceClaim::kFirstUse, true)),
            "deferred: unknown_pool");
  EXPECT_TRUE(ledger_.last().deferred.at(0).again);
  // It is mended: here the sender was, and not the plan.
  EXPECT_THAT(SendAs(1, kGateway, ServedOn(3), SourceClaim::kFirstUse, true).dispositions,
              IsEmpty());
  EXPECT_EQ(ledger_.last().counted_again, 1U);
  EXPECT_THAT(writer_->Deferred(), IsEmpty());
  const SubmitResult again = SendAs(1, kGateway, ServedOn(3), SourceClaim::kFirstUse, true);
  ASSERT_THAT(again.dispositions, SizeIs(1));
  EXPECT_EQ(again.dispositions[0].code, Code::kDuplicate);
  EXPECT_EQ(WhyNot(Offer(kGateway, ServedOn(3))), "window_overlap") << "and not twice";
  EXPECT_EQ(Requests(), 3);
}

TEST_F(OutcomeOwnerTest, ACorrectionIsCountedOnceUnderItsOldSequence) {
  StartWriter();
  ASSERT_THAT(Send(kGateway, ServedOn(3)).dispositions, IsEmpty());
  OutcomeReport correction = ServedOn(3, "delta");
  correction.correction = CorrectionNote{"1", "one less"};
  correction.inference[0].requests = -1;
  ASSERT_EQ(WhyNot(Offer(kGateway, correction)), "deferred: unknown_pool");
  correction.inference[0].pool = "";
  for (int i = 0; i < 2; ++i) {
    SendAs(2, kGateway, correction, SourceClaim::kFirstUse, true);
    EXPECT_EQ(Requests(), 2);
  }
}

TEST_F(OutcomeOwnerTest, AWindowAheadIsDeferred) {
  StartWriter();
  EXPECT_EQ(WhyNot(Offer(kGateway, ServedOn(-3))), "deferred: window_in_future");
  EXPECT_EQ(WhyNot(Send(kGateway, ServedOn(-3))), "window_in_future") << "it cannot keep it";
}

}  // namespace
}  // namespace fleetmeter
